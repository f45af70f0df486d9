SELECT
    key_id, team_id, project_id, name, scopes, actor_type, actor_name, purpose, created_at, expires_at, revoked_at,
    rate_limit
FROM api_keys
WHERE key_id = ?1 AND team_id = ?2 AND (?3 IS NULL OR project_id = ?3) AND purpose = 'api' AND revoked_at IS NULL
