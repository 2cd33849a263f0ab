/*
title = "Numbered buildings that stand on no known lot"
severity = "warn"
warn_if = "> 0"
keys = ["bin"]
*/
SELECT id, unit_code AS bin, address, sources
FROM housing
WHERE valid_to IS NULL AND unit_code IS NOT NULL AND land_id IS NULL
ORDER BY bin
