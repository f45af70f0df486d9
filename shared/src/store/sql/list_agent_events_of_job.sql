SELECT agent_events.agent_event_id, agent_events.event_type, agent_events.occurred_at, agent_events.payload
FROM json_each(?3) AS wanted
CROSS JOIN agent_events
WHERE agent_events.team_id = ?1 AND agent_events.project_id = ?2 AND agent_events.agent_event_id = wanted.value
ORDER BY agent_events.occurred_at, agent_events.id
