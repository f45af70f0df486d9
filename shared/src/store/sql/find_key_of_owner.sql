-- The newest one: a start makes another when the file has none that works.
SELECT
    key_id, team_id, project_id, name, scopes, actor_type, actor_name, purpose, created_at, expires_at, revoked_at,
    rate_limit
FROM api_keys
WHERE team_id = ?1 AND project_id IS NULL AND purpose = 'owner' AND revoked_at IS NULL
ORDER BY key_id DESC
LIMIT 1
