/*
title = "What has happened on a lot"
description = "Every event on one lot, whichever department recorded it, in the order of time."
keys = ["event"]

[params]
bbl = { type = "text", default = "1003770066", description = "Borough, block and lot" }
*/
SELECT e.id AS event, CAST(e.reported_at AS DATE) AS day, e.channel, e.kind, e.category, e.value
FROM events e
JOIN land l ON l.id = e.land_id
WHERE l.parcel_code = $bbl AND e.valid_to IS NULL
ORDER BY day, e.kind, e.id
