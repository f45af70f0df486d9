-- The one control thread of a (run, agent) has its row from the start; what it comes to is folded in by its signals.
INSERT INTO control_threads (team_id, project_id, run_id, agent_name, thread_id)
VALUES (?1, ?2, ?4, ?5, ?3)
