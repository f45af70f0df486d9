SELECT team_id, project_id, thread_id, title
FROM view_search_titles
WHERE generation = ?1 AND (team_id, project_id, thread_id) > (?3, ?4, ?5)
ORDER BY team_id, project_id, thread_id
LIMIT ?2 + 0
