SELECT
    id, team_id, project_id, source, function, topic, message_id, key, payload, error_class, error, attempts,
    first_failed_at, died_at, status, decided_at, decided_by, reason
FROM dead_letters
WHERE id = ?4 AND (team_id = ?1 AND (?2 IS NULL OR project_id = ?2) OR ?3 AND team_id = '' AND project_id = '')
