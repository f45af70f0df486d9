-- The earlier request that the signal of command ?4 names: by the agent's own key of it, or by its id.
SELECT request_id, client_key, status, answer
FROM guidance_requests
WHERE team_id = ?1
    AND project_id = ?2
    AND thread_id = ?3
    AND (
        client_key = (SELECT payload ->> '$.payload.client_key' FROM commands WHERE command_id = ?4)
        OR request_id = (SELECT payload ->> '$.payload.request_id' FROM commands WHERE command_id = ?4)
    )
LIMIT 1
