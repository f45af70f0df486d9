UPDATE commands
SET locked_until = NULL
WHERE status = 'accepted' AND locked_until <= ?1
