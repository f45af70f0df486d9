UPDATE commands
SET locked_until = NULL, attempts = max(attempts - 1, 0)
WHERE status = 'accepted' AND locked_until > ?1
