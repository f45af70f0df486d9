SELECT
    run_id, title, tickets, mode, state, brief,
    (
        SELECT json_group_array(agent_name)
        FROM (
            SELECT agent_name FROM run_agents WHERE team_id = ?1 AND project_id = ?2 AND run_id = ?3 ORDER BY agent_name
        )
    ),
    started_by_type, started_by, created_at, updated_at, version
FROM runs
WHERE team_id = ?1 AND project_id = ?2 AND run_id = ?3
