INSERT INTO runs (
    team_id, project_id, run_id, title, tickets, mode, state, brief, started_by, started_by_type, created_at, updated_at,
    version
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)
ON CONFLICT (team_id, project_id, run_id) DO UPDATE SET
    state = excluded.state, brief = excluded.brief, updated_at = excluded.updated_at, version = excluded.version
