SELECT comment_id, author, is_bot, body, path, line, resolved, observed_at
FROM pr_comments
WHERE team_id = ?1 AND project_id = ?2 AND url = ?3 AND resolved = 0
ORDER BY id
LIMIT ?4 + 0
