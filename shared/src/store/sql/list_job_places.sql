-- Where the jobs of a project stand in the order of all, newest first. All that is given must match.
SELECT id
FROM jobs
WHERE team_id = ?1
    AND project_id = ?2
    AND (?4 IS NULL OR status = ?4)
    AND (?5 IS NULL OR kind = ?5)
    AND (?6 IS NULL OR source_type = ?6)
    AND (?7 IS NULL OR created_at >= ?7)
ORDER BY id DESC
LIMIT ?3 + 0
