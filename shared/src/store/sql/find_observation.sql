SELECT
    o.observation_id, o.team_id, o.project_id, o.kind, o.title, o.body, o.session_id, o.job_id, o.occurred_at,
    o.created_at,
    (
        SELECT json_group_array(s.agent_event_id)
        FROM observation_sources AS s
        WHERE s.team_id = o.team_id AND s.project_id = o.project_id AND s.observation_id = o.observation_id
    )
FROM projects AS p
CROSS JOIN observations AS o
WHERE p.team_id = ?1
    AND (?2 IS NULL OR p.project_id = ?2)
    AND o.team_id = p.team_id
    AND o.project_id = p.project_id
    AND o.observation_id = ?3
