-- Seconds from a record's time to its S3 object's, by app; reads logs_raw and its "$file_modified_time".
SELECT
  appid,
  count(*) AS records,
  round(avg(seconds), 1) AS mean,
  round(approx_percentile(seconds, 0.5), 1) AS p50,
  round(approx_percentile(seconds, 0.95), 1) AS p95,
  round(approx_percentile(seconds, 0.99), 1) AS p99,
  round(max(seconds), 1) AS worst
FROM (
  SELECT
    appid,
    to_unixtime("$file_modified_time") - to_unixtime(from_iso8601_timestamp(ts)) AS seconds
  FROM logs_raw
)
GROUP BY appid
ORDER BY p95 DESC, appid
