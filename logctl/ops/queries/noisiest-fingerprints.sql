-- The 50 most frequent kinds of message; approximate: numbers, ids, paths, addresses and quoted values masked.
SELECT
  kind,
  count(*) AS records,
  count(DISTINCT appid) AS apps,
  max(CASE level WHEN 'FATAL' THEN 'FATAL' WHEN 'ERROR' THEN 'ERROR' END) AS worst,
  min(ts) AS first,
  max(ts) AS last
FROM (
  SELECT
    appid,
    level,
    ts,
    regexp_replace(
      regexp_replace(
        regexp_replace(
          regexp_replace(
            regexp_replace(substr(message, 1, 2000), '"[^"]{0,200}"', '<*>'),
            '[A-Za-z][A-Za-z0-9+.-]{1,20}://[^\s"<>)]+|[^\s@=:,;]{1,80}@[^\s@=:,;]{1,80}', '<*>'),
          '=[^\s,;()]+', '=<*>'),
        '/?([\w.+@$-]+/)+[\w.+@$*-]+', '<*>'),
      '[\w$+-]*[0-9][\w$.:%-]*', '<*>') AS kind
  FROM logs
)
GROUP BY kind
ORDER BY records DESC, kind
LIMIT 50
