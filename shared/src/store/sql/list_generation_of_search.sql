SELECT pos, team_id, project_id, thread_id, post_id
FROM view_search
WHERE generation = ?1 AND pos > CAST(?3 AS INTEGER)
ORDER BY pos
LIMIT ?2 + 0
