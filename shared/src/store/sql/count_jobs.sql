-- How many jobs there are in a project, or in a whole team. All that is given must match.
SELECT count(*)
FROM jobs
WHERE team_id = ?1
    AND (?2 IS NULL OR project_id = ?2)
    AND (?3 IS NULL OR status = ?3)
    AND (?4 IS NULL OR kind = ?4)
    AND (?5 IS NULL OR source_type = ?5)
    AND (?6 IS NULL OR created_at >= ?6)
