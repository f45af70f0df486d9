-- The built generation takes over, the live one is retired: first this row, so that there is never more than one.
UPDATE projection_checkpoints
SET state = 'retired', updated_at = (SELECT now FROM commit_context)
WHERE projection = ?1
    AND state = 'live'
    AND pos <= (
        SELECT pos
        FROM projection_checkpoints
        WHERE projection = ?1 AND generation = ?2 AND state = 'building' AND stopped = 0
    )
