UPDATE dead_letters
SET status = ?4,
    reason = ?5,
    decided_at = (SELECT now FROM commit_context),
    decided_by = (SELECT actor_type || ':' || actor_name FROM commit_context)
WHERE id = ?1 AND team_id = ?2 AND project_id = ?3 AND status = 'dead'
