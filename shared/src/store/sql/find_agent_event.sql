SELECT
    e.agent_event_id, e.team_id, e.project_id, e.batch_id, e.event_type, e.occurred_at, e.received_at, e.payload,
    e.source_adapter, e.source_event_id, e.session_id, e.job_id
FROM projects AS p
CROSS JOIN agent_events AS e
WHERE p.team_id = ?1
    AND (?2 IS NULL OR p.project_id = ?2)
    AND e.team_id = p.team_id
    AND e.project_id = p.project_id
    AND e.agent_event_id = ?3
