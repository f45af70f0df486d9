-- The oldest of a project's jobs that may begin.
UPDATE jobs
SET status = 'processing',
    attempts = attempts + 1,
    fence = fence + 1,
    enqueued = 1,
    next_attempt_at = 0,
    locked_until = (SELECT now FROM commit_context) + ?5,
    error_class = NULL,
    last_error = NULL,
    moved_by = 'lane',
    started_at = (SELECT now FROM commit_context),
    updated_at = (SELECT now FROM commit_context)
WHERE team_id = ?1
    AND project_id = ?2
    AND id IN (
        SELECT id
        FROM jobs AS waiting
        WHERE waiting.status = 'queued'
            AND waiting.kind = ?3
            AND waiting.team_id = ?1
            AND waiting.project_id = ?2
            AND waiting.next_attempt_at <= (SELECT now FROM commit_context)
        ORDER BY waiting.next_attempt_at, waiting.id
        LIMIT ?4 + 0
    )
RETURNING
    job_id, team_id, project_id, kind, source_type, source_id, session_id, payload, status, attempts, next_attempt_at,
    rings, enqueued, locked_until, fence, retried_count, error_class, last_error, observations, provider, model,
    input_tokens, output_tokens, cost_microdollars, key_id, request_id, correlation_id, causation_id, traceparent,
    created_at, updated_at, started_at, finished_at
