SELECT
    session_id, ticket, run_id, agent_name, branch, prompt,
    CASE state WHEN 'done' THEN 'done' WHEN 'terminated' THEN termination_reason END,
    end_reason, created_at,
    CASE WHEN state IN ('done', 'terminated') THEN state_since END
FROM sessions
WHERE team_id = ?1 AND project_id = ?2 AND session_id = ?3
