-- Takes a stopped one up again where it stands.
UPDATE projection_checkpoints
SET stopped = 0,
    error = NULL,
    verify = ?2,
    verified = NULL,
    started_at = (SELECT now FROM commit_context),
    started_pos = pos,
    updated_at = (SELECT now FROM commit_context)
WHERE projection = ?1 AND state = 'building' AND stopped = 1
