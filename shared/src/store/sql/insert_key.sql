INSERT INTO api_keys (
    key_id, team_id, project_id, name, secret_hash, scopes, actor_type, actor_name, purpose, created_at, expires_at,
    rate_limit
)
SELECT ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, c.now, ?10, ?11
FROM commit_context AS c
