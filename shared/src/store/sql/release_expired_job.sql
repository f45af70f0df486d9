UPDATE jobs
SET status = iif(?5, 'failed', 'queued'),
    next_attempt_at = 0,
    enqueued = 0,
    locked_until = NULL,
    error_class = iif(?5, ?6, NULL),
    last_error = 'its lane ended while it worked on it',
    moved_by = 'reconciliation',
    updated_at = (SELECT now FROM commit_context),
    finished_at = iif(?5, (SELECT now FROM commit_context), NULL)
WHERE team_id = ?1 AND project_id = ?2 AND job_id = ?3 AND fence = ?4 AND status = 'processing'
