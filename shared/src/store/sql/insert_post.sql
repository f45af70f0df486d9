INSERT INTO posts (post_id, team_id, project_id, thread_id, kind, actor_type, actor_name, body, option, created_at)
SELECT ?1, ?2, ?3, ?4, ?5, c.actor_type, c.actor_name, ?6, ?7, c.now
FROM commit_context AS c
