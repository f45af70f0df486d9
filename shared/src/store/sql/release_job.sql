UPDATE jobs
SET status = 'queued',
    attempts = max(attempts - 1, 0),
    next_attempt_at = ?5,
    enqueued = 0,
    locked_until = NULL,
    moved_by = 'lane',
    updated_at = (SELECT now FROM commit_context)
WHERE team_id = ?1 AND project_id = ?2 AND job_id = ?3 AND fence = ?4 AND status = 'processing'
