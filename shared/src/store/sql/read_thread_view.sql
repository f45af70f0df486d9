SELECT
    thread_id, kind, project_id, ticket, run_id, session_id, agent_name, title, state, priority, assignee, opened_by,
    opened_by_type, posts_count, last_post_at, last_post_by, last_event_pos, last_actor_type, last_voice, options,
    default_answer, deadline, guidance_status, answer, opened_at, updated_at, closed_at, priority_rank
FROM view_thread_views
WHERE generation = (SELECT generation FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'live')
    AND team_id = ?1
    AND project_id IN (SELECT project_id FROM projects WHERE team_id = ?1 AND (?2 IS NULL OR project_id = ?2))
    AND thread_id = ?3
