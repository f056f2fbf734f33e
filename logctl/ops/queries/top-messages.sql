-- The 50 most frequent messages of warnings and worse, word for word.
SELECT
  substr(message, 1, 300) AS message,
  level,
  count(*) AS records,
  count(DISTINCT appid) AS apps,
  min(ts) AS first,
  max(ts) AS last
FROM logs
WHERE level IN ('WARN', 'ERROR', 'FATAL')
GROUP BY 1, 2
ORDER BY records DESC, 1
LIMIT 50
