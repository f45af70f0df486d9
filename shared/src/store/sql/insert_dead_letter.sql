INSERT INTO dead_letters (
    id, team_id, project_id, source, function, topic, message_id, key, payload, error_class, error, attempts,
    first_failed_at, died_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, (SELECT now FROM commit_context))
ON CONFLICT DO NOTHING
