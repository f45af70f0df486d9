-- The command that the statement before began; nothing if it began none.
SELECT
    command_id, seq, team_id, project_id, name, stream, payload, actor_type, actor_name, request_hash, request_id,
    key_id, correlation_id, causation_id, traceparent, status, attempts, outcome, pos, dead_letter_id, accepted_at,
    finished_at, locked_until
FROM commands
WHERE command_id = ?1 AND team_id = ?2 AND project_id = ?3 AND changes() = 1
