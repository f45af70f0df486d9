SELECT id, session_id
FROM sessions
WHERE team_id = ?1 AND project_id = ?2 AND run_id = ?3
ORDER BY id DESC
