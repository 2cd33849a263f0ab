/*
title = "Who answers for a registered building"
description = "Owners and managers, persons and organizations, of the building of one registration."
keys = ["relation", "name"]

[params]
registration = { type = "text", default = "331931", description = "Number of the registration" }
*/
WITH named AS (
    SELECT id, name, 'person' AS kind FROM people
    UNION ALL
    SELECT id, name, 'organization' FROM organizations
)
SELECT r.relation, n.kind, n.name
FROM relations r
JOIN named n ON n.id = r.from_id
JOIN housing h ON h.id = r.to_id
WHERE r.relation IN ('owns', 'manages') AND r.valid_to IS NULL
  AND json_get_str(h.attributes, 'hpd_contacts', 'registration') = $registration
ORDER BY r.relation, n.kind, n.name
