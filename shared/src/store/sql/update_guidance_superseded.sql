-- Of a thread's requests only the present one can still be pending.
UPDATE guidance_requests
SET status = 'superseded'
WHERE team_id = ?1
    AND project_id = ?2
    AND thread_id = ?3
    AND request_id = (
        SELECT request_id FROM control_threads WHERE team_id = ?1 AND project_id = ?2 AND thread_id = ?3
    )
    AND status = 'pending'
