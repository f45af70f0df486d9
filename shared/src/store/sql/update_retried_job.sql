-- An operator sends a job back to work, with at least one attempt before it. It is rung for unless its lane does not work
-- (?5 is 0) or is paused.
UPDATE jobs
SET status = 'queued',
    attempts = min(attempts, max(?4 - 1, 0)),
    retried_count = retried_count + 1,
    next_attempt_at = 0,
    rings = ?5
        AND NOT EXISTS (
            SELECT 1
            FROM lane_pauses AS p
            WHERE p.team_id = ?2 AND p.project_id IN ('', ?3) AND p.kind = jobs.kind
        ),
    enqueued = 0,
    locked_until = NULL,
    moved_by = 'operator',
    error_class = NULL,
    last_error = NULL,
    finished_at = NULL,
    updated_at = (SELECT now FROM commit_context)
WHERE job_id = ?1 AND team_id = ?2 AND project_id = ?3 AND status IN ('failed', 'cancelled')
