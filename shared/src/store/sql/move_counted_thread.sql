UPDATE view_thread_stats_threads
SET state = coalesce(?5, state), priority = coalesce(?6, priority)
WHERE generation = ?1 AND team_id = ?2 AND project_id = ?3 AND thread_id = ?4
