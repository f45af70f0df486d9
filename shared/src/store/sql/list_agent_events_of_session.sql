-- The newest first, as many as are wanted, and no more than so many bytes of them.
SELECT e.agent_event_id, e.event_type, e.occurred_at, e.payload
FROM (
        SELECT id, sum(octet_length(payload)) OVER (ORDER BY id DESC) AS bytes
        FROM (
                SELECT id, payload
                FROM agent_events
                WHERE team_id = ?1 AND project_id = ?2 AND session_id = ?3
                ORDER BY id DESC
                LIMIT ?4 + 0
            ) AS wanted
    ) AS newest
CROSS JOIN agent_events AS e
WHERE e.id = newest.id AND e.team_id = ?1 AND e.project_id = ?2 AND newest.bytes <= ?5 + 0
ORDER BY e.id DESC
