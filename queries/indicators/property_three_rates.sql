/*
title = "Property management: three rates by street"
title_zh = "物业三率（分街道）"
description = "Of the residential compounds: with an owners' committee or property management committee, with a property service in force, and with the Party's organization or work covering them."
keys = ["street_code"]
[params]
as_of = { type = "date", default = "2026-06-30" }
*/
WITH compounds AS (
    SELECT id, name, substr(area_code, 1, 9) AS street_code FROM housing WHERE kind = 'compound' AND valid_to IS NULL
),
committees AS (
    SELECT r.to_id,
           bool_or(coalesce(json_get_str(o.attributes, 'owners_committees', 'party_covered'), CAST(json_get_bool(o.attributes, 'owners_committees', 'party_covered') AS VARCHAR)) = 'true') AS party_covered
    FROM relations r JOIN organizations o ON o.id = r.from_id
    WHERE r.relation = 'represents' AND (r.valid_from IS NULL OR r.valid_from <= $as_of) AND (r.valid_to IS NULL OR r.valid_to >= $as_of) AND o.kind IN ('业主委员会', '业委会', '物业管理委员会', '物管会')
    GROUP BY r.to_id
),
services AS (
    SELECT DISTINCT to_id FROM relations WHERE relation = 'manages' AND (valid_from IS NULL OR valid_from <= $as_of) AND (valid_to IS NULL OR valid_to >= $as_of)
)
SELECT c.street_code, s.name AS street, count(*) AS compounds,
       round(100.0 * count(k.to_id) / count(*), 2) AS committee_rate,
       round(100.0 * count(v.to_id) / count(*), 2) AS service_rate,
       round(100.0 * count(*) FILTER (WHERE k.party_covered) / count(*), 2) AS party_rate
FROM compounds c
LEFT JOIN committees k ON k.to_id = c.id
LEFT JOIN services v ON v.to_id = c.id
LEFT JOIN areas s ON s.level = 'street' AND substr(s.code, 1, 9) = c.street_code
GROUP BY c.street_code, s.name
ORDER BY c.street_code
