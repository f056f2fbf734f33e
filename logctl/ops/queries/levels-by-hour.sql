-- Records of each level, by hour (UTC).
SELECT
  substr(ts, 1, 13) || ':00Z' AS hour,
  count_if(level = 'FATAL') AS fatal,
  count_if(level = 'ERROR') AS error,
  count_if(level = 'WARN') AS warn,
  count_if(level NOT IN ('FATAL', 'ERROR', 'WARN')) AS others,
  count(*) AS records
FROM logs
GROUP BY 1
ORDER BY 1
