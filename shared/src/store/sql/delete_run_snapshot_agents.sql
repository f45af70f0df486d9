DELETE FROM view_run_snapshots_agents
WHERE generation = ?1
    AND (team_id, project_id, run_id, agent_name) IN (
        SELECT team_id, project_id, run_id, agent_name FROM view_run_snapshots_agents WHERE generation = ?1 LIMIT ?2 + 0
    )
