UPDATE commands
SET locked_until = NULL
WHERE command_id = ?1 AND team_id = ?2 AND project_id = ?3 AND status = 'accepted'
