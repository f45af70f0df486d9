SELECT job_id, kind, correlation_id, causation_id, traceparent, created_at, payload
FROM jobs
WHERE job_id IN (SELECT value FROM json_each(?1))
