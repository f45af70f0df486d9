-- What the messages of rows that this commit claimed say.
SELECT
    pos, event_id, type, schema_version, stream, version, team_id, project_id, ticket, run_id, thread_id, session_id,
    agent_name, actor_type, actor_name, correlation_id, causation_id, traceparent, occurred_at, recorded_at, payload
FROM events
WHERE pos IN (
    SELECT own.payload ->> 'pos'
    FROM outbox AS own
    WHERE own.status = 'processing' AND own.updated_at = (SELECT now FROM commit_context)
)
