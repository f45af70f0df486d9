-- Letters of no tenant, whose message did not say whose it is, are for the one who runs the system.
SELECT
    id, team_id, project_id, source, function, topic, message_id, key, payload, error_class, error, attempts,
    first_failed_at, died_at, status, decided_at, decided_by, reason
FROM dead_letters
WHERE (team_id = ?1 AND (?2 IS NULL OR project_id = ?2) OR ?3 AND team_id = '' AND project_id = '')
    AND (?4 IS NULL OR source = ?4)
    AND (?5 IS NULL OR function = ?5)
    AND (?6 IS NULL OR error_class = ?6)
    AND (?7 IS NULL OR status = ?7)
    AND (died_at, id) < (?8, ?9)
ORDER BY died_at DESC, id DESC
LIMIT ?10 + 0
