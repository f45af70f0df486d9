-- The agent events of these keys (a JSON list), in its order, each with its job as it stands.
SELECT
    e.agent_event_id, e.team_id, e.project_id, e.batch_id, e.event_type, e.occurred_at, e.received_at,
    iif(?4, e.payload, NULL), e.source_adapter, e.source_event_id, e.session_id, e.job_id, j.status, j.rings
FROM json_each(?3) AS wanted
CROSS JOIN agent_events AS e
LEFT JOIN jobs AS j ON j.job_id = e.job_id AND j.team_id = e.team_id AND j.project_id = e.project_id
WHERE e.team_id = ?1 AND e.project_id = ?2 AND e.idempotency_key = wanted.value
ORDER BY wanted.key
