INSERT INTO audit (team_id, project_id, at, actor_type, actor_name, key_id, action, subject, request_id, outcome, reason)
SELECT ?1, ?2, c.now, c.actor_type, c.actor_name, ?3, ?4, ?5, ?6, ?7, ?8
FROM commit_context AS c
