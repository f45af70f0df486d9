SELECT
    command_id, seq, team_id, project_id, name, stream, payload, actor_type, actor_name, request_hash, request_id,
    key_id, correlation_id, causation_id, traceparent, status, attempts, outcome, pos, dead_letter_id, accepted_at,
    finished_at, locked_until
FROM commands
WHERE team_id = ?1 AND actor = ?2 AND idempotency_key = ?3
