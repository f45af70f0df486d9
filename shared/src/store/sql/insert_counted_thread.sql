INSERT INTO view_thread_stats_threads (generation, team_id, project_id, thread_id, ticket, run_id, state, priority)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)
