UPDATE outbox
SET status = ?3, last_error = ?4, next_attempt_at = ?5, locked_until = NULL, updated_at = ?6
WHERE id = ?1 AND fence = ?2 AND team_id = ?7 AND project_id = ?8 AND status = 'processing'
