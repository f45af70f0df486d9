-- With a time it is tried again then; without one it is given up.
UPDATE jobs
SET status = iif(?5 IS NULL, 'failed', 'queued'),
    next_attempt_at = coalesce(?5, 0),
    enqueued = 0,
    locked_until = NULL,
    error_class = ?6,
    last_error = ?7,
    moved_by = 'lane',
    updated_at = (SELECT now FROM commit_context),
    finished_at = iif(?5 IS NULL, (SELECT now FROM commit_context), NULL)
WHERE team_id = ?1 AND project_id = ?2 AND job_id = ?3 AND fence = ?4 AND status = 'processing'
