-- Which of the pull requests ?3 match.
SELECT document.id
FROM json_each(?3) AS wanted
CROSS JOIN pull_request_documents AS document
CROSS JOIN pull_request_text
WHERE document.id = wanted.value
    AND document.team_id = ?1
    AND (?2 IS NULL OR document.project_id = ?2)
    AND pull_request_text MATCH ?4
    AND pull_request_text.rowid = document.id
