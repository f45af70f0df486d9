-- Those of the rows ?3 that are the tenant's, and whether they are of session ?4 and of one of the kinds ?5 where those are
-- given.
SELECT
    document.id, NULL,
    (?4 IS NULL OR document.session_id IS ?4)
        AND (?5 IS NULL OR document.kind IN (SELECT value FROM json_each(?5)))
FROM json_each(?3) AS wanted
CROSS JOIN observations AS document
WHERE document.id = wanted.value AND document.team_id = ?1 AND (?2 IS NULL OR document.project_id = ?2)
