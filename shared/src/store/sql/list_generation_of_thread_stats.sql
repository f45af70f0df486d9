SELECT team_id, project_id, ticket, run_id, state, priority, count
FROM view_thread_stats
WHERE generation = ?1 AND (team_id, project_id, ticket, run_id, state, priority) > (?3, ?4, ?5, ?6, ?7, ?8)
ORDER BY team_id, project_id, ticket, run_id, state, priority
LIMIT ?2 + 0
