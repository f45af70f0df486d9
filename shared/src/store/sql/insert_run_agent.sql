INSERT INTO run_agents (team_id, project_id, run_id, agent_name, joined_at)
VALUES (?1, ?2, ?3, ?4, ?5)
ON CONFLICT DO NOTHING
