-- A command that an event or the clock causes, by the actor of the commit's context. Its key follows from the cause, so
-- that it is made once however often the cause is met.
INSERT INTO commands (
    command_id, team_id, project_id, name, stream, request_hash, payload, idempotency_key, request_id, correlation_id,
    causation_id, traceparent, actor, actor_type, actor_name, accepted_at
)
VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
    (SELECT actor_type || ':' || actor_name FROM commit_context),
    (SELECT actor_type FROM commit_context),
    (SELECT actor_name FROM commit_context),
    (SELECT now FROM commit_context)
)
ON CONFLICT (team_id, actor, idempotency_key) DO NOTHING
