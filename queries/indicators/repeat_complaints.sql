/*
title = "Repeated requests by street"
title_zh = "重复诉求率（分街道）"
description = "Share of orders that the same caller had made within the days before, of the same category and at the same place."
keys = ["street_code"]
[params]
from = { type = "date", default = "2026-01-01" }
until = { type = "date", default = "2026-07-01" }
days = { type = "integer", default = 30 }
*/
WITH orders AS (
    SELECT street_code, street, reported_at, reporter_id,
           lag(reported_at) OVER (PARTITION BY reporter_id, category, coalesce(address_key(address, 'compound'), address) ORDER BY reported_at, id) AS before
    FROM hotline_orders
    WHERE reported_at < $until AND street_code IS NOT NULL
)
SELECT street_code, street, count(*) AS orders,
       count(*) FILTER (WHERE reporter_id IS NOT NULL AND date_part('epoch', reported_at) - date_part('epoch', before) <= $days * 86400.0) AS repeated,
       round(100.0 * count(*) FILTER (WHERE reporter_id IS NOT NULL AND date_part('epoch', reported_at) - date_part('epoch', before) <= $days * 86400.0) / count(*), 2) AS repeat_rate
FROM orders
WHERE reported_at >= $from
GROUP BY street_code, street
ORDER BY repeat_rate DESC, street_code
