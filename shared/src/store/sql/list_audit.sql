-- What was written directly, refused, or done by the system itself, newest first. All that is given must match.
SELECT
    id, CAST(id AS TEXT), at, actor_type, actor_name, key_id, action, subject, project_id, request_id, outcome, reason
FROM audit
WHERE team_id = ?1
    AND (?2 IS NULL OR project_id = ?2)
    AND id < ?3
    AND (?5 IS NULL OR actor_name = ?5 OR actor_type || ':' || actor_name = ?5)
    AND (?6 IS NULL OR action = ?6)
ORDER BY id DESC
LIMIT ?4 + 0
