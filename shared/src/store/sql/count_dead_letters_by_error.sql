SELECT source, function, error_class, error, count(*), min(died_at), max(died_at), max(id)
FROM dead_letters
WHERE (team_id = ?1 AND (?2 IS NULL OR project_id = ?2) OR ?3 AND team_id = '' AND project_id = '')
    AND (?4 IS NULL OR source = ?4)
    AND (?5 IS NULL OR function = ?5)
    AND (?6 IS NULL OR error_class = ?6)
    AND (?7 IS NULL OR status = ?7)
GROUP BY source, function, error_class, error
ORDER BY count(*) DESC, max(died_at) DESC
LIMIT ?8 + 0
