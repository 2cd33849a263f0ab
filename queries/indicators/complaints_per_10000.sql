/*
title = "Requests per 10,000 residents by community"
title_zh = "万人诉求量（分社区）"
keys = ["area_code"]
[params]
from = { type = "date", default = "2026-01-01" }
until = { type = "date", default = "2026-07-01" }
least_residents = { type = "integer", default = 50, description = "Communities with fewer residents are left out" }
*/
WITH residents AS (
    SELECT area_code, count(*) AS residents FROM people WHERE valid_to IS NULL AND area_code IS NOT NULL GROUP BY area_code
),
requests AS (
    SELECT area_code, count(*) AS requests FROM hotline_orders WHERE reported_at >= $from AND reported_at < $until GROUP BY area_code
)
SELECT r.area_code, a.name AS community, r.residents, coalesce(q.requests, 0) AS requests,
       round(10000.0 * coalesce(q.requests, 0) / r.residents, 1) AS per_10000
FROM residents r
LEFT JOIN requests q ON q.area_code = r.area_code
LEFT JOIN areas a ON a.level = 'community' AND a.code = r.area_code
WHERE r.residents >= $least_residents
ORDER BY per_10000 DESC, r.area_code
