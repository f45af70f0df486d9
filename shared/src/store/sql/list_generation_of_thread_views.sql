SELECT
    team_id, project_id, thread_id, kind, ticket, run_id, session_id, agent_name, title, state, priority, priority_rank,
    assignee, opened_by, opened_by_type, posts_count, last_post_at, last_post_by, last_event_pos, last_actor_type,
    last_voice, options, default_answer, deadline, guidance_status, answer, opened_at, updated_at, closed_at
FROM view_thread_views
WHERE generation = ?1 AND (team_id, project_id, thread_id) > (?3, ?4, ?5)
ORDER BY team_id, project_id, thread_id
LIMIT ?2 + 0
