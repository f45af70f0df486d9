SELECT seq, name, stream, correlation_id, causation_id, traceparent, accepted_at, payload
FROM commands
WHERE seq IN (SELECT value FROM json_each(?1))
