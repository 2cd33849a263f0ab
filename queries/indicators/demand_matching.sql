/*
title = "Three lists: demands, the resources that fit them, and the projects that answer them"
title_zh = "三个清单匹配（需求—资源—项目）"
description = "Each open demand with the nearest resource of its kind, and the project that answers it, if any."
keys = ["demand"]
[params]
within_m = { type = "number", default = 3000.0 }
*/
WITH demands AS (
    SELECT id, code, title, substr(category, 4) AS kind, status, value AS people, area_code, metric(geom) AS place
    FROM events WHERE kind = '需求' AND valid_to IS NULL AND closed_at IS NULL
),
resources AS (
    SELECT id, name, substr(kind, 4) AS kind, area_code, metric(geom) AS place
    FROM objects WHERE kind LIKE '资源/%' AND valid_to IS NULL
),
candidates AS (
    SELECT d.id AS demand_id, r.name AS resource, st_distance(d.place, r.place) AS metres,
           row_number() OVER (PARTITION BY d.id ORDER BY st_distance(d.place, r.place), r.id) AS rank
    FROM demands d JOIN resources r ON r.kind = d.kind
    WHERE st_distance(d.place, r.place) <= $within_m
),
projects AS (
    SELECT r.to_id AS demand_id, min(p.title) AS project, min(p.status) AS project_status
    FROM relations r JOIN events p ON p.id = r.from_id
    WHERE r.relation = 'answers' GROUP BY r.to_id
)
SELECT d.code AS demand, d.title, d.kind, d.status, d.people, a.name AS community, c.resource, round(c.metres) AS metres, p.project, p.project_status
FROM demands d
LEFT JOIN candidates c ON c.demand_id = d.id AND c.rank = 1
LEFT JOIN projects p ON p.demand_id = d.id
LEFT JOIN areas a ON a.level = 'community' AND a.code = d.area_code
ORDER BY d.code
