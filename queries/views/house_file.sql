/*
title = "One house, one file"
title_zh = "一房一档"
description = "Each current room or building with its parcel, owners, residents, organizations and requests."
keys = ["id"]
*/
SELECT h.id, h.kind, h.unit_code, h.name, h.address, h.area_code, a.name AS community, h.grid_code,
       h.floor_area_m2, h.built_year, h.floors, h.use, b.name AS building, l.parcel_code,
       coalesce(o.owners, 0) AS owners, coalesce(p.residents, 0) AS residents, coalesce(g.organizations, 0) AS organizations,
       coalesce(e.requests, 0) AS requests, h.sources, h.confidence, h.geom
FROM housing h
LEFT JOIN areas a ON a.code = h.area_code AND a.level = 'community'
LEFT JOIN housing b ON b.id = h.building_id
LEFT JOIN land l ON l.id = h.land_id
LEFT JOIN (SELECT to_id, count(DISTINCT from_id) AS owners FROM relations WHERE relation = 'owns' AND to_element = 'housing' AND (valid_to IS NULL OR valid_to >= current_date()) GROUP BY to_id) o
    ON o.to_id = h.id
LEFT JOIN (SELECT housing_id, count(*) AS residents FROM people WHERE valid_to IS NULL GROUP BY housing_id) p ON p.housing_id = h.id
LEFT JOIN (
    SELECT to_id, count(DISTINCT from_id) AS organizations FROM relations WHERE relation = 'registered_at' AND from_element = 'organizations' AND (valid_to IS NULL OR valid_to >= current_date()) GROUP BY to_id
) g ON g.to_id = h.id
LEFT JOIN (SELECT housing_id, count(*) AS requests FROM events WHERE valid_to IS NULL GROUP BY housing_id) e ON e.housing_id = h.id
WHERE h.valid_to IS NULL
