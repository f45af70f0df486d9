INSERT INTO run_agents (team_id, project_id, run_id, agent_name, joined_at)
SELECT ?1, ?2, ?3, agents.value, ?5
FROM json_each(?4) AS agents
