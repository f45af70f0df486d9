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
    ORDER BY id
    LIMIT ?3 + 0
)
RETURNING id, message_id, team_id, project_id, topic, key, payload, attempts, fence, created_at
