/*
title = "Buildings with open violations of a class"
description = "Open violations of the housing code by building, with the lot under it."
keys = ["bin"]
geometry = "geom"

[params]
class = { type = "text", default = "B", description = "A not hazardous, B hazardous, C immediately hazardous" }
*/
SELECT h.unit_code AS bin, h.address, l.parcel_code AS bbl, count(*) AS violations, h.geom
FROM events e
JOIN housing h ON h.id = e.housing_id
LEFT JOIN land l ON l.id = h.land_id
WHERE e.valid_to IS NULL AND e.kind = 'violation' AND NOT e.resolved
  AND e.category = 'housing code/class ' || $class
GROUP BY h.unit_code, h.address, l.parcel_code, h.geom
ORDER BY violations DESC, bin
