UPDATE login_tokens
SET used_at = (SELECT now FROM commit_context)
WHERE token_hash = ?1
    AND used_at IS NULL
    AND expires_at > (SELECT now FROM commit_context)
RETURNING team_id
