INSERT INTO view_thread_views (
    generation, team_id, project_id, thread_id, kind, ticket, run_id, session_id, agent_name, title, state, priority,
    priority_rank, assignee, opened_by, opened_by_type, posts_count, last_post_at, last_post_by, last_event_pos,
    last_actor_type, last_voice, options, default_answer, deadline, guidance_status, opened_at, updated_at
)
VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12,
    CASE ?12 WHEN 'urgent' THEN 3 WHEN 'high' THEN 2 WHEN 'normal' THEN 1 ELSE 0 END,
    ?13, ?14, ?15, 1, ?16, ?14, ?17, ?15, nullif(?15, 'system'), ?18, ?19, ?20, ?21, ?16, ?16
)
