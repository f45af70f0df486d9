SELECT team_id, project_id, thread_id, ticket, run_id, state, priority
FROM view_thread_stats_threads
WHERE generation = ?1 AND (team_id, project_id, thread_id) > (?3, ?4, ?5)
ORDER BY team_id, project_id, thread_id
LIMIT ?2 + 0
