/*
title = "Cities whose coordinates in two systems are not one place"
title_zh = "各坐标系换算不一致"
description = "Every system is turned into longitude and latitude when it is read; what is left is how far the service that gave the coordinates is off the formula."
severity = "warn"
warn_if = "> 0"
keys = ["name"]

[params]
tolerance_m = { type = "number", default = 1.0 }
*/
WITH apart AS (
    SELECT name, province,
           greatest(
               ST_DistanceSphere(wgs84, gcj02),
               ST_DistanceSphere(wgs84, bd09),
               ST_DistanceSphere(wgs84, bd09mc),
               ST_DistanceSphere(wgs84, gcj02mc),
               ST_DistanceSphere(wgs84, epsg3857)
           ) AS metres
    FROM clean.city_coordinates
)
SELECT name, province, metres
FROM apart
WHERE metres > $tolerance_m
ORDER BY metres DESC
