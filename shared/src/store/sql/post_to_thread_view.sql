UPDATE view_thread_views
SET posts_count = posts_count + 1,
    last_post_at = ?5,
    last_post_by = ?7,
    last_event_pos = ?6,
    last_actor_type = ?8,
    last_voice = coalesce(nullif(?8, 'system'), last_voice),
    guidance_status = coalesce(?9, guidance_status),
    answer = coalesce(?10, answer),
    state = coalesce(?11, state),
    updated_at = ?5
WHERE generation = ?1 AND team_id = ?2 AND project_id = ?3 AND thread_id = ?4
