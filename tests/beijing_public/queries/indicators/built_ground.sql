/*
title = "Built ground by district"
title_zh = "各区建筑占地"
description = "Buildings, the ground under them, and the district that they lie in."
keys = ["district"]
*/
SELECT a.name AS district, count(*) AS buildings, round(sum(l.area_m2), 1) AS area_m2
FROM housing h
JOIN land l ON l.id = h.land_id
JOIN areas a ON a.code = h.area_code
WHERE h.valid_to IS NULL
GROUP BY a.name
ORDER BY a.name
