-- Notifications, newest first. All that is given must match.
SELECT
    id, notification_id, project_id, kind, subject, priority, title, body, url, ticket, run_id, session_id, agent_name,
    thread_id, created_at, read_at, read_by, resolved_at, delivery
FROM notifications
WHERE team_id = ?1
    AND project_id = ?2
    AND id < ?3
    AND (?5 IS NULL OR (read_at IS NOT NULL) = ?5)
    AND (?6 IS NULL OR (resolved_at IS NOT NULL) = ?6)
    AND (?7 IS NULL OR kind = ?7)
    AND (?8 IS NULL OR run_id = ?8)
    AND (?9 IS NULL OR session_id = ?9)
ORDER BY id DESC
LIMIT ?4 + 0
