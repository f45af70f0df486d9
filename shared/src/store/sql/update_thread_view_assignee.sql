UPDATE view_thread_views
SET assignee = ?9,
    last_event_pos = ?6,
    last_actor_type = ?8,
    last_voice = coalesce(nullif(?8, 'system'), last_voice),
    updated_at = ?5
WHERE generation = ?1 AND team_id = ?2 AND project_id = ?3 AND thread_id = ?4 AND ?7 IS NOT NULL
