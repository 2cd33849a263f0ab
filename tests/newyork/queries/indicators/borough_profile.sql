/*
title = "What the departments know of each borough"
description = "Lots, buildings and events by borough, over the records of six departments. Where a sample has a place, the polygon around it counts; else the borough that the file says."
keys = ["borough"]
*/
WITH places AS (
    SELECT 'lot' AS kind, area_code FROM land WHERE valid_to IS NULL
    UNION ALL
    SELECT kind, area_code FROM housing WHERE valid_to IS NULL
    UNION ALL
    SELECT kind, area_code FROM events WHERE valid_to IS NULL
), counted AS (
    SELECT coalesce(b.borough, left(p.area_code, 1)) AS borough, p.kind
    FROM places p
    LEFT JOIN borough_of_area b ON b.code = p.area_code
)
SELECT a.name AS borough,
       count(*) FILTER (WHERE c.kind = 'lot') AS lots,
       count(*) FILTER (WHERE c.kind = 'building') AS buildings,
       count(*) FILTER (WHERE c.kind = 'violation') AS violations,
       count(*) FILTER (WHERE c.kind = 'complaint') AS complaints,
       count(*) FILTER (WHERE c.kind = 'eviction') AS evictions,
       count(*) FILTER (WHERE c.kind = 'construction') AS construction,
       count(*) FILTER (WHERE c.kind = 'sale') AS sales
FROM counted c
JOIN areas a ON a.code = c.borough AND a.level = 'district' AND a.valid_to IS NULL
GROUP BY a.code, a.name
ORDER BY a.code
