-- Of an observation that this commit stored, those of the events that are there.
INSERT INTO observation_sources (team_id, project_id, observation_id, agent_event_id)
SELECT ?1, ?2, ?3, agent_events.agent_event_id
FROM json_each(?4) AS named
CROSS JOIN agent_events
WHERE agent_events.team_id = ?1
    AND agent_events.project_id = ?2
    AND agent_events.agent_event_id = named.value
    AND EXISTS (
        SELECT 1 FROM observations WHERE team_id = ?1 AND project_id = ?2 AND observation_id = ?3
    )
ON CONFLICT DO NOTHING
