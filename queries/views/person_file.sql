/*
title = "One person, one file"
title_zh = "一人一档"
description = "Each current person with dwelling, household, ties and requests, and who says so."
keys = ["id"]
*/
SELECT p.id, p.name, p.sex, p.birth_date,
       -- Whole years: a birthday that is still to come does not count.
       (CAST(to_char(current_date(), '%Y%m%d') AS BIGINT) - CAST(to_char(p.birth_date, '%Y%m%d') AS BIGINT)) / 10000 AS age,
       p.resident_id, p.phone, p.address, p.area_code, a.name AS community, p.grid_code, p.tags,
       h.id AS housing_id, h.name AS dwelling, h.floor_area_m2,
       coalesce(t.ties, 0) AS ties, coalesce(e.requests, 0) AS requests, e.last_request,
       p.sources, p.confidence, p.geom
FROM people p
LEFT JOIN areas a ON a.code = p.area_code AND a.level = 'community'
LEFT JOIN housing h ON h.id = p.housing_id
LEFT JOIN (
    SELECT from_id, count(*) AS ties FROM relations WHERE from_element = 'people' AND valid_to IS NULL GROUP BY from_id
) t ON t.from_id = p.id
LEFT JOIN (
    SELECT reporter_id, count(*) AS requests, max(reported_at) AS last_request FROM events WHERE reporter_id IS NOT NULL AND valid_to IS NULL GROUP BY reporter_id
) e ON e.reporter_id = p.id
WHERE p.valid_to IS NULL
