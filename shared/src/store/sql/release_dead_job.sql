-- A job that was given up waits again, with all its attempts before it; a trigger rings for it. One that went on meanwhile
-- stays as it is.
UPDATE jobs
SET status = 'queued',
    attempts = 0,
    retried_count = retried_count + 1,
    next_attempt_at = 0,
    enqueued = 0,
    rings = NOT EXISTS (
        SELECT 1
        FROM lane_pauses
        WHERE lane_pauses.team_id = ?2 AND lane_pauses.project_id IN ('', ?3) AND lane_pauses.kind = jobs.kind
    ),
    error_class = NULL,
    last_error = NULL,
    moved_by = 'operator',
    updated_at = (SELECT now FROM commit_context),
    finished_at = NULL
WHERE job_id = substr(?1, 5) AND team_id = ?2 AND project_id = ?3 AND status = 'failed'
