INSERT INTO projects (project_id, team_id, name, created_at)
SELECT ?1, ?2, ?1, c.now
FROM commit_context AS c
WHERE true
ON CONFLICT DO NOTHING
