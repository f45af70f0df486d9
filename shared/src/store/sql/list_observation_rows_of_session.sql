-- The newest observations of session ?3 up to row ?4.
SELECT document.id
FROM projects AS project
CROSS JOIN observations AS document
WHERE project.team_id = ?1
    AND (?2 IS NULL OR project.project_id = ?2)
    AND document.team_id = project.team_id
    AND document.project_id = project.project_id
    AND document.session_id = ?3
    AND document.id <= ?4
ORDER BY document.id DESC
LIMIT ?5 + 0
