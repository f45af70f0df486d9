INSERT INTO observation_text (rowid, scope, title, body)
SELECT document.id, document.scope, document.title, document.body
FROM json_each(?3) AS wanted
CROSS JOIN observations AS document
WHERE document.id = wanted.value AND document.team_id = ?1 AND document.project_id = ?2
