/*
title = "Who owns how many lots"
description = "Organizations with their lots, by the tax lot file."
keys = ["name"]
*/
SELECT o.name, count(DISTINCT r.to_id) AS lots, CAST(round(sum(l.area_m2)) AS BIGINT) AS area_m2
FROM relations r
JOIN organizations o ON o.id = r.from_id
JOIN land l ON l.id = r.to_id
WHERE r.relation = 'owns' AND r.to_element = 'land' AND r.valid_to IS NULL
GROUP BY o.name
HAVING count(DISTINCT r.to_id) > 1
ORDER BY lots DESC, o.name
