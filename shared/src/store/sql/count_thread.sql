-- Counts a thread where it stands now.
INSERT INTO view_thread_stats (generation, team_id, project_id, ticket, run_id, state, priority, count)
SELECT generation, team_id, project_id, ticket, run_id, state, priority, 1
FROM view_thread_stats_threads
WHERE generation = ?1 AND team_id = ?2 AND project_id = ?3 AND thread_id = ?4
ON CONFLICT (generation, team_id, project_id, ticket, run_id, state, priority) DO UPDATE SET count = count + 1
