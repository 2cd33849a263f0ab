/*
title = "Lots sold again"
description = "Lots with a sale for money in each of two years, and how the price has changed."
keys = ["bbl"]

[params]
from_year = { type = "integer", default = 2015 }
to_year = { type = "integer", default = 2020 }
*/
WITH sales AS (
    SELECT land_id, date_part('year', reported_at) AS year, max(value) AS price
    FROM events
    WHERE kind = 'sale' AND value > 0 AND valid_to IS NULL
    GROUP BY land_id, date_part('year', reported_at)
)
SELECT l.parcel_code AS bbl, a.price AS first_price, b.price AS second_price, round(b.price / a.price - 1, 3) AS growth
FROM sales a
JOIN sales b ON b.land_id = a.land_id
JOIN land l ON l.id = a.land_id
WHERE a.year = $from_year AND b.year = $to_year
ORDER BY bbl
