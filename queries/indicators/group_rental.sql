/*
title = "Suspected group rental"
title_zh = "疑似群租房"
description = "Rooms in which many unrelated adults live: by number, number of surnames, and floor area a head."
keys = ["housing_id"]
geometry = "geom"
[params]
as_of = { type = "date", default = "2026-06-30" }
least_people = { type = "integer", default = 5 }
least_surnames = { type = "integer", default = 4 }
*/
WITH residents AS (
    SELECT housing_id, count(*) AS residents, count(DISTINCT substr(name, 1, 1)) AS surnames
    FROM people
    WHERE valid_to IS NULL AND housing_id IS NOT NULL
      AND (birth_date IS NULL OR (CAST(to_char($as_of, '%Y%m%d') AS BIGINT) - CAST(to_char(birth_date, '%Y%m%d') AS BIGINT)) / 10000 >= 18)
    GROUP BY housing_id
)
SELECT h.id AS housing_id, h.name AS dwelling, h.area_code, a.name AS community, r.residents, r.surnames, h.floor_area_m2,
       round(h.floor_area_m2 / r.residents, 1) AS m2_a_head, h.geom
FROM residents r
JOIN housing h ON h.id = r.housing_id AND h.valid_to IS NULL
LEFT JOIN areas a ON a.level = 'community' AND a.code = h.area_code
WHERE r.residents >= $least_people AND r.surnames >= $least_surnames
ORDER BY r.surnames DESC, r.residents DESC, h.id
