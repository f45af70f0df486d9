-- Agents ?7 (a JSON list) belong to the run from now on.
UPDATE view_run_snapshots
SET updated_at = ?5,
    last_event_pos = ?6,
    agents = (
        SELECT json_group_array(value)
        FROM (
            SELECT value FROM json_each(view_run_snapshots.agents)
            UNION
            SELECT value FROM json_each(?7)
            ORDER BY value
        )
    )
WHERE generation = ?1 AND team_id = ?2 AND project_id = ?3 AND run_id = ?4
