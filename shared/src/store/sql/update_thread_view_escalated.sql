-- Asking for attention is no touch: the time of the last change stays.
UPDATE view_thread_views
SET last_event_pos = ?5, last_actor_type = ?6, guidance_status = coalesce(?7, guidance_status)
WHERE generation = ?1 AND team_id = ?2 AND project_id = ?3 AND thread_id = ?4
