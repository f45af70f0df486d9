UPDATE outbox
SET status = 'pending', attempts = max(attempts - 1, 0), fence = fence + 1, locked_until = NULL, updated_at = ?1
-- The first condition is that of the partial index, to the letter.
WHERE status IN ('pending', 'processing', 'failed') AND status = 'processing' AND locked_until > ?1
