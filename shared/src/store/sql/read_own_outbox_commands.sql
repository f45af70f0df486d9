-- What the messages of rows that this commit claimed say.
SELECT seq, name, stream, correlation_id, causation_id, traceparent, accepted_at, payload
FROM commands
WHERE seq IN (
    SELECT own.payload ->> 'seq'
    FROM outbox AS own
    WHERE own.status = 'processing' AND own.updated_at = (SELECT now FROM commit_context)
)
