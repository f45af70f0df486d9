SELECT url, session_id
FROM pull_requests
WHERE team_id = ?1 AND project_id = ?2 AND head_sha = ?3 AND state IN ('draft', 'open')
ORDER BY id
LIMIT 20
