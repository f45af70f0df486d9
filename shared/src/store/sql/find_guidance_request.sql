-- The earlier request that the signal of command ?4 names: by the agent's own key of it, or by its id.
SELECT request_id, client_key, status, answer
FROM guidance_requests
WHERE team_id = ?1
    AND project_id = ?2
    AND thread_id = ?3
    AND request_id = coalesce(
        (
            SELECT keyed.request_id
            FROM guidance_requests AS keyed
            WHERE keyed.team_id = ?1
                AND keyed.project_id = ?2
                AND keyed.thread_id = ?3
                AND keyed.client_key = (
                    SELECT payload ->> '$.payload.client_key'
                    FROM commands
                    WHERE team_id = ?1 AND project_id = ?2 AND command_id = ?4
                )
        ),
        (
            SELECT payload ->> '$.payload.request_id'
            FROM commands
            WHERE team_id = ?1 AND project_id = ?2 AND command_id = ?4
        )
    )
