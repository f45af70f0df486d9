SELECT
    team_id, project_id, run_id, title, tickets, mode, state, reason, state_since, brief, agents, started_by,
    started_by_type, created_at, updated_at, last_event_pos, started_pos
FROM view_run_snapshots
WHERE generation = ?1 AND (team_id, project_id, run_id) > (?3, ?4, ?5)
ORDER BY team_id, project_id, run_id
LIMIT ?2 + 0
