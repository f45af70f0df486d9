INSERT INTO guidance_requests (team_id, project_id, thread_id, request_id, client_key, status)
VALUES (?1, ?2, ?3, ?4, ?5, 'pending')
