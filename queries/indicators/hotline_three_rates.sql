/*
title = "12345: response, resolution and satisfaction by street"
title_zh = "接诉即办三率（分街道）"
description = "Over orders with a valid follow-up visit: responded, resolved, and satisfied plus 0.9 of basically satisfied, in percent; the score weighs them 0.1, 0.5 and 0.4."
keys = ["street_code"]
[params]
from = { type = "date", default = "2026-05-19", description = "First day an order was made" }
until = { type = "date", default = "2026-06-19", description = "Day after the last one" }
response_weight = { type = "number", default = 0.1 }
resolution_weight = { type = "number", default = 0.5 }
satisfaction_weight = { type = "number", default = 0.4 }
*/
WITH visited AS (
    SELECT district, street_code, street,
           count(*) AS orders,
           count(*) FILTER (WHERE valid_visit) AS visits,
           count(*) FILTER (WHERE valid_visit AND responded) AS responded,
           count(*) FILTER (WHERE valid_visit AND resolved) AS resolved,
           count(*) FILTER (WHERE valid_visit AND satisfied = '满意') + 0.9 * count(*) FILTER (WHERE valid_visit AND satisfied = '基本满意') AS satisfied
    FROM hotline_orders
    WHERE reported_at >= $from AND reported_at < $until AND street_code IS NOT NULL
    GROUP BY district, street_code, street
),
rates AS (
    SELECT district, street_code, street, orders, visits,
           CASE WHEN visits = 0 THEN 0.0 ELSE 100.0 * responded / visits END AS response_rate,
           CASE WHEN visits = 0 THEN 0.0 ELSE 100.0 * resolved / visits END AS resolution_rate,
           CASE WHEN visits = 0 THEN 0.0 ELSE 100.0 * satisfied / visits END AS satisfaction_rate
    FROM visited
)
SELECT district, street_code, street, orders, visits,
       round(response_rate, 2) AS response_rate, round(resolution_rate, 2) AS resolution_rate, round(satisfaction_rate, 2) AS satisfaction_rate,
       round($response_weight * response_rate + $resolution_weight * resolution_rate + $satisfaction_weight * satisfaction_rate, 2) AS score
FROM rates
ORDER BY score DESC, street_code
