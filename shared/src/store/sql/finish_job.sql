UPDATE jobs
SET status = 'completed',
    locked_until = NULL,
    observations = ?5,
    provider = ?6,
    model = ?7,
    input_tokens = input_tokens + ?8,
    output_tokens = output_tokens + ?9,
    cost_microdollars = cost_microdollars + ?10,
    moved_by = 'lane',
    updated_at = (SELECT now FROM commit_context),
    finished_at = (SELECT now FROM commit_context)
WHERE team_id = ?1 AND project_id = ?2 AND job_id = ?3 AND fence = ?4 AND status = 'processing'
