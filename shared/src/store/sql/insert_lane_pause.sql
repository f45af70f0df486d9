-- Who paused it first stays.
INSERT INTO lane_pauses (team_id, project_id, kind, paused_by, paused_at)
SELECT ?1, ?2, ?3, c.actor_type || ':' || c.actor_name, c.now
FROM commit_context AS c
WHERE true
ON CONFLICT DO NOTHING
