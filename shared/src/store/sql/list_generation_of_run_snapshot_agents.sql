SELECT team_id, project_id, run_id, agent_name, last_activity_at
FROM view_run_snapshots_agents
WHERE generation = ?1 AND (team_id, project_id, run_id, agent_name) > (?3, ?4, ?5, ?6)
ORDER BY team_id, project_id, run_id, agent_name
LIMIT ?2 + 0
