-- Posts and signals on the control thread ?4 and on the threads of session ?3 after position ?5.
SELECT
    pos, event_id, type, schema_version, stream, version, team_id, project_id, ticket, run_id, thread_id, session_id,
    agent_name, actor_type, actor_name, correlation_id, causation_id, traceparent, occurred_at, recorded_at, payload
FROM events
WHERE team_id = ?1
    AND project_id = ?2
    AND stream IN (
        SELECT 'thread/' || ?4
        UNION ALL
        SELECT 'thread/' || thread_id FROM threads WHERE team_id = ?1 AND project_id = ?2 AND session_id = ?3
    )
    AND pos > ?5
    AND type IN ('forum.post.added', 'forum.control.signal')
ORDER BY pos
LIMIT ?6 + 0
