UPDATE guidance_requests
SET status = 'superseded'
WHERE team_id = ?1 AND project_id = ?2 AND thread_id = ?3 AND status = 'pending'
