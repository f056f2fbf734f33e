-- Each app's newest record, the longest silent first.
SELECT appid, max(ts) AS newest, count(*) AS records
FROM logs
GROUP BY appid
ORDER BY newest, appid
