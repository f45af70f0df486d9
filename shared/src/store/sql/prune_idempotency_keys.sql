-- The command stays, its key is free again: the command's own id takes its place.
UPDATE commands
SET idempotency_key = command_id
WHERE seq > ?1 AND seq <= ?2 AND status <> 'accepted' AND idempotency_key <> command_id
