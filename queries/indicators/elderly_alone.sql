/*
title = "Elderly people living alone, by community, with the distance to the nearest care station"
title_zh = "独居老人与最近养老驿站距离（分社区）"
keys = ["area_code"]
[params]
as_of = { type = "date", default = "2026-06-30" }
least_age = { type = "integer", default = 60 }
far_m = { type = "number", default = 500.0, description = "Metres beyond which a station counts as far" }
*/
WITH elderly AS (
    SELECT id, area_code, metric(geom) AS place
    FROM people
    WHERE valid_to IS NULL AND array_has(tags, '独居') AND geom IS NOT NULL
      AND (CAST(to_char($as_of, '%Y%m%d') AS BIGINT) - CAST(to_char(birth_date, '%Y%m%d') AS BIGINT)) / 10000 >= $least_age
),
stations AS (
    SELECT metric(geom) AS place FROM organizations
    WHERE valid_to IS NULL AND array_has(tags, '养老驿站') AND geom IS NOT NULL
),
nearest AS (
    SELECT e.id, e.area_code, min(st_distance(e.place, s.place)) AS metres
    FROM elderly e CROSS JOIN stations s
    GROUP BY e.id, e.area_code
)
SELECT n.area_code, a.name AS community, count(*) AS elderly_alone,
       round(avg(n.metres)) AS mean_metres, round(max(n.metres)) AS farthest_metres,
       count(*) FILTER (WHERE n.metres > $far_m) AS far_from_a_station
FROM nearest n
LEFT JOIN areas a ON a.level = 'community' AND a.code = n.area_code
GROUP BY n.area_code, a.name
ORDER BY far_from_a_station DESC, elderly_alone DESC, n.area_code
