/*
title = "District centres that lie in a district of another name"
title_zh = "中心点与所在区名称不一致"
severity = "warn"
warn_if = "> 0"
keys = ["number"]
*/
SELECT o.code AS number, o.name, a.name AS lies_in
FROM objects o
LEFT JOIN areas a ON a.code = o.area_code AND a.valid_to IS NULL
WHERE o.kind = 'district centre' AND o.valid_to IS NULL AND o.name IS DISTINCT FROM a.name
ORDER BY CAST(o.code AS BIGINT)
