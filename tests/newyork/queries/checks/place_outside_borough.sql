/*
title = "Events whose coordinates lie in another borough than their lot"
severity = "warn"
warn_if = "> 0"
keys = ["id"]
*/
SELECT e.id, e.kind, e.code, l.parcel_code AS bbl, e.area_code
FROM events e
JOIN land l ON l.id = e.land_id
JOIN borough_of_area b ON b.code = e.area_code
WHERE e.valid_to IS NULL AND e.geom IS NOT NULL AND b.borough <> left(l.parcel_code, 1)
ORDER BY e.id
