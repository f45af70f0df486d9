-- The newest first.
SELECT agent_event_id, event_type, occurred_at, payload
FROM agent_events
WHERE team_id = ?1 AND project_id = ?2 AND session_id = ?3
ORDER BY id DESC
LIMIT ?4 + 0
