INSERT INTO view_run_snapshots_agents (generation, team_id, project_id, run_id, agent_name, last_activity_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6)
ON CONFLICT (generation, team_id, project_id, run_id, agent_name) DO UPDATE SET
    last_activity_at = excluded.last_activity_at
