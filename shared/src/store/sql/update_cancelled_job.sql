-- Whoever holds the job now finds it cancelled when it wants to complete it.
UPDATE jobs
SET status = 'cancelled',
    locked_until = NULL,
    moved_by = 'operator',
    updated_at = (SELECT now FROM commit_context),
    finished_at = (SELECT now FROM commit_context)
WHERE job_id = ?1 AND team_id = ?2 AND project_id = ?3 AND status IN ('queued', 'processing')
