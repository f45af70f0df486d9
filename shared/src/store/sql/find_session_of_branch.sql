-- The newest session that works on a branch of a repository.
SELECT session_id
FROM sessions
WHERE team_id = ?1 AND project_id = ?2 AND repository_key = ?3 AND branch = ?4
ORDER BY id DESC
LIMIT 1
