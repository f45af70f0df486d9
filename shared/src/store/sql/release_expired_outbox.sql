UPDATE outbox
SET status = 'pending', next_attempt_at = 0, locked_until = NULL, updated_at = ?1
-- The first condition is that of the partial index, to the letter.
WHERE status IN ('pending', 'processing', 'failed') AND status = 'processing' AND locked_until <= ?2
RETURNING id
