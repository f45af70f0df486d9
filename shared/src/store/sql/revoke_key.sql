UPDATE api_keys
SET revoked_at = (SELECT now FROM commit_context)
WHERE key_id = ?1 AND team_id = ?2 AND (?3 IS NULL OR project_id = ?3) AND revoked_at IS NULL
