-- The jobs at these places (a JSON list), newest first.
SELECT
    jobs.job_id, jobs.team_id, jobs.project_id, jobs.kind, jobs.source_type, jobs.source_id, jobs.session_id,
    jobs.payload, jobs.status, jobs.attempts, jobs.next_attempt_at, jobs.rings, jobs.enqueued, jobs.locked_until,
    jobs.fence, jobs.retried_count, jobs.error_class, jobs.last_error, jobs.observations, jobs.provider, jobs.model,
    jobs.input_tokens, jobs.output_tokens, jobs.cost_microdollars, jobs.key_id, jobs.request_id, jobs.correlation_id,
    jobs.causation_id, jobs.traceparent, jobs.created_at, jobs.updated_at, jobs.started_at, jobs.finished_at
FROM json_each(?3) AS place
CROSS JOIN jobs
WHERE jobs.id = place.value AND jobs.team_id = ?1 AND (?2 IS NULL OR jobs.project_id = ?2)
ORDER BY jobs.id DESC
