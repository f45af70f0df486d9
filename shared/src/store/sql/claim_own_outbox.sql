-- What this very commit wrote or rang again, oldest first. A redriven message that is about no row of ours is left to the
-- drainer, which reads its text.
UPDATE outbox
SET status = 'processing',
    attempts = attempts + 1,
    fence = fence + 1,
    locked_until = (SELECT now FROM commit_context) + ?1
WHERE id IN (
    SELECT id
    FROM outbox
    WHERE status = 'pending'
        AND updated_at = (SELECT now FROM commit_context)
        AND payload NOT GLOB '{"dead_letter"*'
        -- The messages of one key go out in order: one that waits for another try holds back those behind it.
        AND NOT EXISTS (
            SELECT 1
            FROM outbox AS earlier
            WHERE earlier.status = 'failed' AND earlier.key = outbox.key AND earlier.id < outbox.id
        )
    ORDER BY id
    LIMIT ?2 + 0
)
RETURNING id, message_id, team_id, project_id, topic, key, payload, attempts, fence, created_at
