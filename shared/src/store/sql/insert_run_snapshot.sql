INSERT INTO view_run_snapshots (
    generation, team_id, project_id, run_id, title, tickets, mode, state, reason, state_since, brief, agents, started_by,
    started_by_type, created_at, updated_at, last_event_pos, started_pos
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?10, ?10, ?15, ?15)
