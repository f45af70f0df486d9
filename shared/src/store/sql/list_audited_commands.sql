-- Commands as the audit shows them, newest first. All that is given must match.
SELECT
    seq, command_id, accepted_at, actor_type, actor_name, key_id, name, stream, project_id, request_id, status,
    outcome ->> '$.rejection.code'
FROM commands
WHERE team_id = ?1
    AND (?2 IS NULL OR project_id = ?2)
    AND seq < ?3
    AND (?5 IS NULL OR actor_name = ?5 OR actor_type || ':' || actor_name = ?5)
    AND (?6 IS NULL OR name = ?6)
ORDER BY seq DESC
LIMIT ?4 + 0
