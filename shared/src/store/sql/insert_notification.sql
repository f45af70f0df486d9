-- Unless the same is unread or unresolved already.
INSERT INTO notifications (
    team_id, project_id, kind, subject, notification_id, priority, title, body, url, ticket, run_id, session_id, agent_name,
    thread_id, delivery, created_at, resolved_at
)
VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15,
    (SELECT now FROM commit_context),
    iif(?16, (SELECT now FROM commit_context), NULL)
)
ON CONFLICT DO NOTHING
