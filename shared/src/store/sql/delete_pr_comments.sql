DELETE FROM pr_comments
WHERE team_id = ?1 AND project_id = ?2 AND url = ?3 AND comment_id IN (SELECT value FROM json_each(?4))
