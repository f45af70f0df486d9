-- What the messages of rows that this commit claimed say.
SELECT job_id, kind, correlation_id, causation_id, traceparent, created_at, payload
FROM jobs
WHERE job_id IN (
    SELECT own.payload ->> 'job'
    FROM outbox AS own
    WHERE own.status = 'processing' AND own.updated_at = (SELECT now FROM commit_context)
)
