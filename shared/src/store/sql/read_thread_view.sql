SELECT
    view.thread_id, view.kind, view.project_id, view.ticket, view.run_id, view.session_id, view.agent_name, view.title,
    view.state, view.priority, view.assignee, view.opened_by, view.opened_by_type, view.posts_count, view.last_post_at,
    view.last_post_by, view.last_event_pos, view.last_actor_type, view.last_voice, view.options, view.default_answer,
    view.deadline, view.guidance_status, view.answer, view.opened_at, view.updated_at, view.closed_at, view.priority_rank,
    coalesce((
        SELECT mark.last_seen_pos
        FROM read_marks AS mark
        WHERE mark.team_id = view.team_id
            AND mark.project_id = view.project_id
            AND mark.thread_id = view.thread_id
            AND mark.viewer_type = ?4
            AND mark.viewer_id = ?5
    ), 0)
FROM projects AS project
CROSS JOIN view_thread_views AS view
WHERE project.team_id = ?1
    AND (?2 IS NULL OR project.project_id = ?2)
    AND view.generation = (SELECT generation FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'live')
    AND view.team_id = project.team_id
    AND view.project_id = project.project_id
    AND view.thread_id = ?3
