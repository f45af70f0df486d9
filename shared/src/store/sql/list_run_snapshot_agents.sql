SELECT agent_name, last_activity_at
FROM view_run_snapshots_agents
WHERE generation = (SELECT generation FROM projection_checkpoints WHERE projection = 'run-snapshots' AND state = 'live')
    AND team_id = ?1
    AND project_id = ?2
    AND run_id = ?3
