UPDATE outbox
SET status = 'sent', sent_at = ?3, locked_until = NULL, last_error = NULL, updated_at = ?3
WHERE id = ?1 AND fence = ?2 AND team_id = ?4 AND project_id = ?5 AND status = 'processing'
