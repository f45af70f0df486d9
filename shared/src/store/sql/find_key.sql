SELECT
    key_id, team_id, project_id, name, scopes, actor_type, actor_name, purpose, created_at, expires_at, revoked_at,
    rate_limit
FROM api_keys
WHERE secret_hash = ?1
