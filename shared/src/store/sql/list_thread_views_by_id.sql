-- Those of the wanted threads that match, in the order in which they are wanted.
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
            AND mark.viewer_type = ?11
            AND mark.viewer_id = ?12
    ), 0)
FROM json_each(?13) AS wanted
CROSS JOIN view_thread_views AS view
WHERE view.generation = (SELECT generation FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'live')
    AND view.team_id = ?1
    AND view.project_id = ?2
    AND view.thread_id = wanted.value
    AND (?10 IS NULL OR view.ticket = ?10)
    AND (?3 IS NULL OR view.run_id = ?3)
    AND (?4 IS NULL OR view.session_id = ?4)
    AND (?5 IS NULL OR view.agent_name = ?5)
    AND (?6 IS NULL OR view.state = ?6)
    AND (?7 IS NULL OR view.priority = ?7)
    AND (?8 IS NULL OR view.assignee = ?8)
    AND (?9 IS NULL OR view.kind = ?9)
ORDER BY wanted.key
