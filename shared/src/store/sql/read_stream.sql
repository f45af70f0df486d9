SELECT
    pos, event_id, type, schema_version, stream, version, team_id, project_id, ticket, run_id, thread_id, session_id,
    agent_name, actor_type, actor_name, correlation_id, causation_id, traceparent, occurred_at, recorded_at, payload
FROM events
WHERE team_id = ?1 AND project_id = ?2 AND stream = ?3
ORDER BY version DESC
LIMIT ?4 + 0
