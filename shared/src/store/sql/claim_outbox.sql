UPDATE outbox
SET status = 'processing',
    attempts = attempts + 1,
    fence = fence + 1,
    locked_until = ?1 + ?2,
    updated_at = ?1
WHERE id IN (
    SELECT id
    FROM outbox
    WHERE status IN ('pending', 'processing', 'failed')
        AND CASE status WHEN 'processing' THEN locked_until <= ?1 ELSE next_attempt_at <= ?1 END
        -- The messages of one key go out in order: one that waits for another try holds back those behind it.
        AND NOT EXISTS (
            SELECT 1
            FROM outbox AS earlier
            WHERE earlier.status = 'failed'
                AND earlier.key = outbox.key
                AND earlier.id < outbox.id
                AND earlier.next_attempt_at > ?1
        )
    ORDER BY id
    LIMIT ?3 + 0
)
RETURNING id, message_id, team_id, project_id, topic, key, payload, attempts, fence, created_at
