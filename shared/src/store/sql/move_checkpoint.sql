UPDATE projection_checkpoints
SET pos = ?4, error = NULL, updated_at = (SELECT now FROM commit_context)
WHERE projection = ?1 AND generation = ?2 AND pos = ?3 AND state <> 'retired' AND stopped = 0
