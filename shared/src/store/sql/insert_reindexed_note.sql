INSERT INTO noted (type, stream, team_id, project_id, session_id, payload)
SELECT
    'observation.reindexed', 'observation/' || observation_id, team_id, project_id, session_id,
    json_object('observation_id', observation_id)
FROM observations
WHERE team_id = ?1 AND project_id = ?2 AND observation_id = ?3
