-- Errors by app: how many, their share of the app's records, first and last.
SELECT
  appid,
  count_if(level IN ('ERROR', 'FATAL')) AS errors,
  count(*) AS records,
  round(100e0 * count_if(level IN ('ERROR', 'FATAL')) / count(*), 2) AS percent,
  min(CASE WHEN level IN ('ERROR', 'FATAL') THEN ts END) AS first,
  max(CASE WHEN level IN ('ERROR', 'FATAL') THEN ts END) AS last
FROM logs
GROUP BY appid
HAVING count_if(level IN ('ERROR', 'FATAL')) > 0
ORDER BY errors DESC, appid
