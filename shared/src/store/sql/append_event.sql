INSERT INTO events (
    event_id, stream, version, type, team_id, project_id, ticket, run_id, thread_id, session_id, agent_name,
    actor_type, actor_name, correlation_id, causation_id, traceparent, occurred_at, recorded_at, payload
)
SELECT
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
    c.actor_type, c.actor_name, c.correlation_id, coalesce(?12, c.causation_id), c.traceparent, c.now, c.now, ?13
FROM commit_context AS c
