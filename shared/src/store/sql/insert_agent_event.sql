INSERT INTO agent_events (
    team_id, project_id, agent_event_id, batch_id, idempotency_key, source_adapter, source_event_id, session_id, event_type,
    occurred_at, payload, job_id, received_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, (SELECT now FROM commit_context))
ON CONFLICT (team_id, project_id, idempotency_key) DO NOTHING
