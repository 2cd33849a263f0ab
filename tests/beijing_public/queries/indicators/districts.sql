/*
title = "Districts, their streets and their area"
title_zh = "各区街道数与面积"
description = "Names and codes from the division table, polygons from the boundaries; the area is of the polygon in the metric system."
keys = ["code"]
*/
SELECT d.code, d.name,
       count(s.code) AS streets,
       CAST(round(ST_Area(metric(d.geom)) / 1e6) AS BIGINT) AS square_km
FROM areas d
LEFT JOIN areas s ON s.parent_code = d.code AND s.level = 'street' AND s.valid_to IS NULL
WHERE d.level = 'district' AND d.valid_to IS NULL
GROUP BY d.code, d.name, d.geom
ORDER BY d.code
