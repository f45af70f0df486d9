SELECT
    team_id, id, notification_id, project_id, kind, subject, priority, title, body, url, ticket, run_id, session_id,
    agent_name, thread_id, created_at, read_at, read_by, resolved_at, delivery
FROM notifications
WHERE delivery = 'pending'
ORDER BY id
LIMIT ?1 + 0
