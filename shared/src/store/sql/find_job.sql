SELECT
    job_id, team_id, project_id, kind, source_type, source_id, session_id, payload, status, attempts, next_attempt_at,
    rings, enqueued, locked_until, fence, retried_count, error_class, last_error, observations, provider, model,
    input_tokens, output_tokens, cost_microdollars, key_id, request_id, correlation_id, causation_id, traceparent,
    created_at, updated_at, started_at, finished_at
FROM jobs
WHERE job_id = ?1 AND team_id = ?2 AND (?3 IS NULL OR project_id = ?3)
