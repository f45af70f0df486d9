UPDATE commands
SET status = ?4,
    outcome = ?5,
    pos = CASE WHEN ?6 OR (SELECT n FROM commit_context) > 0 THEN (SELECT max(pos) FROM events) END,
    dead_letter_id = ?7,
    finished_at = (SELECT now FROM commit_context)
WHERE command_id = ?1 AND team_id = ?2 AND project_id = ?3 AND status = 'accepted'
