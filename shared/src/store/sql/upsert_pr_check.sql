INSERT INTO pr_checks (
    team_id, project_id, url, name, "commit", status, check_url, log_tail, observed_at, updated_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10)
ON CONFLICT (team_id, project_id, url, name, "commit") DO UPDATE SET
    status = excluded.status,
    check_url = excluded.check_url,
    log_tail = excluded.log_tail,
    observed_at = excluded.observed_at,
    updated_at = excluded.updated_at
