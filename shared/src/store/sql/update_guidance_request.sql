UPDATE guidance_requests
SET status = ?5, answer = coalesce(?6, answer)
WHERE team_id = ?1 AND project_id = ?2 AND thread_id = ?3 AND request_id = ?4
