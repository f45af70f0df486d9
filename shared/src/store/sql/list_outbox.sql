-- The newest rows of a tenant.
SELECT id, message_id, topic, key, status, attempts, last_error, created_at, sent_at
FROM outbox
WHERE team_id = ?1 AND (?2 IS NULL OR project_id = ?2)
ORDER BY id DESC
LIMIT ?3 + 0
