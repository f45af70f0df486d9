UPDATE view_run_snapshots
SET state = ?5, reason = ?6, state_since = ?7, brief = ?8, updated_at = ?7, last_event_pos = ?9
WHERE generation = ?1 AND team_id = ?2 AND project_id = ?3 AND run_id = ?4
