-- One request of a control thread: by the agent's own key of it, or by its id; without either the latest.
SELECT request_id, client_key, status, answer
FROM guidance_requests
WHERE team_id = ?1
    AND project_id = ?2
    AND thread_id = ?3
    AND request_id = CASE
        WHEN ?4 IS NULL THEN coalesce(
            ?5,
            (SELECT request_id FROM control_threads WHERE team_id = ?1 AND project_id = ?2 AND thread_id = ?3)
        )
        ELSE (
            SELECT keyed.request_id
            FROM guidance_requests AS keyed
            WHERE keyed.team_id = ?1 AND keyed.project_id = ?2 AND keyed.thread_id = ?3 AND keyed.client_key = ?4
        )
    END
