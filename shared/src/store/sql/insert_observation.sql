INSERT INTO observations (
    team_id, project_id, observation_id, observation_key, job_id, session_id, kind, title, body, occurred_at, created_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, (SELECT now FROM commit_context))
ON CONFLICT (team_id, project_id, observation_key) DO NOTHING
