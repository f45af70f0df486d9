-- Holds while the key works.
INSERT INTO guard (holds)
SELECT EXISTS (
    SELECT 1
    FROM api_keys
    WHERE key_id = ?1
        AND team_id = ?2
        AND revoked_at IS NULL
        AND coalesce(expires_at > (SELECT now FROM commit_context), 1)
)
