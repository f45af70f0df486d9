UPDATE view_run_snapshots
SET updated_at = ?5, last_event_pos = ?6
WHERE generation = ?1 AND team_id = ?2 AND project_id = ?3 AND run_id = ?4
