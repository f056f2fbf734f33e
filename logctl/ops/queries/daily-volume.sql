-- Records and characters of message and fields, by day and app.
SELECT
  year || '-' || month || '-' || day AS date,
  appid,
  count(*) AS records,
  sum(length(message) + coalesce(length(fields), 0)) AS characters
FROM logs
GROUP BY 1, 2
ORDER BY 1, 2
