/*
title = "12345 work orders with their street and community"
title_zh = "12345工单"
keys = ["id"]
*/
SELECT e.*, substr(e.area_code, 1, 9) AS street_code, s.name AS street, d.name AS district
FROM events e
LEFT JOIN areas s ON s.level = 'street' AND substr(s.code, 1, 9) = substr(e.area_code, 1, 9)
LEFT JOIN areas d ON d.level = 'district' AND substr(d.code, 1, 6) = substr(e.area_code, 1, 6)
WHERE e.channel = '12345' AND e.valid_to IS NULL
