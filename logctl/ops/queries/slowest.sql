-- The 50 slowest: by the field duration_ms, duration, elapsed_ms, latency_ms or took_ms, whichever is a number.
SELECT ts, appid, milliseconds, message, fields
FROM (
  SELECT
    ts,
    appid,
    message,
    fields,
    coalesce(
      TRY_CAST(json_extract_scalar(fields, '$.duration_ms') AS double),
      TRY_CAST(json_extract_scalar(fields, '$.duration') AS double),
      TRY_CAST(json_extract_scalar(fields, '$.elapsed_ms') AS double),
      TRY_CAST(json_extract_scalar(fields, '$.latency_ms') AS double),
      TRY_CAST(json_extract_scalar(fields, '$.took_ms') AS double)
    ) AS milliseconds
  FROM logs
)
WHERE milliseconds IS NOT NULL
ORDER BY milliseconds DESC, ts
LIMIT 50
