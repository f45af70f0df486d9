-- Of the threads ?3 (a JSON list) those that ask for attention, and those of which people are told that they did.
SELECT thread_id, title, escalated_at IS NOT NULL, ticket, run_id, session_id, agent_name
FROM threads
WHERE team_id = ?1
    AND project_id = ?2
    AND thread_id IN (SELECT DISTINCT value FROM json_each(?3))
    AND (
        escalated_at IS NOT NULL
        OR EXISTS (
            SELECT 1
            FROM notifications AS n
            WHERE n.team_id = ?1
                AND n.project_id = ?2
                AND n.kind = 'thread_escalated'
                AND n.subject = threads.thread_id
                AND n.resolved_at IS NULL
        )
    )
