/*
title = "Lots and buildings inside each neighborhood"
description = "By place: what lies inside the neighborhood's polygon."
keys = ["neighborhood"]
*/
SELECT a.name AS neighborhood,
       (SELECT count(*) FROM land l WHERE l.valid_to IS NULL AND l.area_code = a.code) AS lots,
       (SELECT count(*) FROM housing h WHERE h.valid_to IS NULL AND h.area_code = a.code) AS buildings,
       round(ST_Area(ST_Transform(a.geom, 'EPSG:4326', 'EPSG:2263')) / 27878400, 3) AS square_miles
FROM areas a
WHERE a.level = 'community' AND a.valid_to IS NULL
ORDER BY a.code
