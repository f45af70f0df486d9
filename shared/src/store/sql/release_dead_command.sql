-- A dead command is open again, with all its attempts before it. One that was applied meanwhile stays as it is.
UPDATE commands
SET status = 'accepted', attempts = 0, locked_until = NULL, dead_letter_id = NULL, finished_at = NULL
WHERE command_id = 'cmd_' || substr(?1, 5) AND team_id = ?2 AND project_id = ?3 AND status = 'dead'
