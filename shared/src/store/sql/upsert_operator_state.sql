INSERT INTO operator_states (team_id, project_id, run_id, confirmations, restarts, last_restart_at, updated_at)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, (SELECT now FROM commit_context))
ON CONFLICT (team_id, project_id, run_id) DO UPDATE SET
    confirmations = excluded.confirmations,
    restarts = excluded.restarts,
    last_restart_at = excluded.last_restart_at,
    updated_at = excluded.updated_at
