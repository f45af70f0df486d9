SELECT post_id, kind, actor_type, actor_name, body, option, created_at
FROM posts
WHERE team_id = ?1 AND project_id = ?2 AND thread_id = ?3
ORDER BY id DESC
LIMIT ?4 + 0
