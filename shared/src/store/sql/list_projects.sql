-- Projects of a team by their ids, archived ones only if they are asked for.
SELECT project_id, team_id, name, created_at, archived_at
FROM projects
WHERE team_id = ?1
    AND (?2 IS NULL OR project_id = ?2)
    AND (?3 OR archived_at IS NULL)
    AND project_id > ?4
ORDER BY project_id
LIMIT ?5 + 0
