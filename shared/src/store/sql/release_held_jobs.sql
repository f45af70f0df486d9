UPDATE jobs
SET status = 'queued',
    attempts = max(attempts - 1, 0),
    next_attempt_at = 0,
    enqueued = 0,
    locked_until = NULL,
    moved_by = 'shutdown',
    updated_at = (SELECT now FROM commit_context)
WHERE status = 'processing'
