-- The newest pull requests of session ?3 up to row ?4.
SELECT document.id
FROM projects AS project
CROSS JOIN pull_requests AS pr
CROSS JOIN pull_request_documents AS document
WHERE project.team_id = ?1
    AND (?2 IS NULL OR project.project_id = ?2)
    AND pr.team_id = project.team_id
    AND pr.project_id = project.project_id
    AND pr.session_id = ?3
    AND document.team_id = pr.team_id
    AND document.project_id = pr.project_id
    AND document.url = pr.url
    AND document.id <= ?4
ORDER BY document.id DESC
LIMIT ?5 + 0
