-- One request of a control thread: by the agent's own key of it if one is given, else the latest.
SELECT request_id, client_key, status, answer
FROM guidance_requests
WHERE team_id = ?1
    AND project_id = ?2
    AND thread_id = ?3
    AND CASE
        WHEN ?4 IS NULL THEN request_id = (
            SELECT request_id FROM control_threads WHERE team_id = ?1 AND project_id = ?2 AND thread_id = ?3
        )
        ELSE client_key = ?4
    END
