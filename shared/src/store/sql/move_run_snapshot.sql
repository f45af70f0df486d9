-- Agents only ever join: those that the move names (?10, a JSON list) and those that are known already.
UPDATE view_run_snapshots
SET state = ?5,
    reason = ?6,
    state_since = ?7,
    brief = ?8,
    updated_at = ?7,
    last_event_pos = ?9,
    agents = (
        SELECT json_group_array(value)
        FROM (
            SELECT value FROM json_each(view_run_snapshots.agents)
            UNION
            SELECT value FROM json_each(?10)
            ORDER BY value
        )
    )
WHERE generation = ?1 AND team_id = ?2 AND project_id = ?3 AND run_id = ?4
