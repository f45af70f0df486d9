-- What was made of one agent event, oldest first.
SELECT
    o.observation_id, o.team_id, o.project_id, o.kind, o.title, o.body, o.session_id, o.job_id, o.occurred_at,
    o.created_at,
    (
        SELECT json_group_array(s.agent_event_id)
        FROM observation_sources AS s
        WHERE s.team_id = o.team_id AND s.project_id = o.project_id AND s.observation_id = o.observation_id
    )
FROM observation_sources AS made
CROSS JOIN observations AS o
WHERE made.team_id = ?1
    AND made.project_id = ?2
    AND made.agent_event_id = ?3
    AND o.team_id = made.team_id
    AND o.project_id = made.project_id
    AND o.observation_id = made.observation_id
ORDER BY o.id
LIMIT ?4 + 0
