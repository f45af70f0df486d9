-- Those of the rows ?3 that are the tenant's, and whether they are of session ?4 if it is given.
SELECT document.id, NULL, ?4 IS NULL OR document.session_id = ?4
FROM json_each(?3) AS wanted
CROSS JOIN pull_request_documents AS document
WHERE document.id = wanted.value AND document.team_id = ?1 AND (?2 IS NULL OR document.project_id = ?2)
