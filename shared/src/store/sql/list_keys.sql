SELECT
    key_id, team_id, project_id, name, scopes, actor_type, actor_name, purpose, created_at, expires_at, revoked_at,
    rate_limit
FROM api_keys
WHERE team_id = ?1 AND (?2 IS NULL OR project_id = ?2) AND purpose <> 'login' AND key_id > ?3
ORDER BY key_id
LIMIT ?4 + 0
