INSERT INTO commands (
    command_id, team_id, project_id, name, stream, payload, actor, actor_type, actor_name, key_id, idempotency_key,
    request_hash, request_id, correlation_id, causation_id, traceparent, accepted_at
)
VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13,
    (SELECT correlation_id FROM commit_context),
    (SELECT causation_id FROM commit_context),
    (SELECT traceparent FROM commit_context),
    (SELECT now FROM commit_context)
)
