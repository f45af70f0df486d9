UPDATE outbox
SET status = 'pending', next_attempt_at = 0, locked_until = NULL, updated_at = ?1
WHERE status = 'processing' AND locked_until <= ?1
RETURNING id
