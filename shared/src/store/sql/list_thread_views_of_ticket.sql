SELECT
    thread_id, kind, project_id, ticket, run_id, session_id, agent_name, title, state, priority, assignee, opened_by,
    opened_by_type, posts_count, last_post_at, last_post_by, last_event_pos, last_actor_type, last_voice, options,
    default_answer, deadline, guidance_status, answer, opened_at, updated_at, closed_at, priority_rank
FROM view_thread_views
WHERE generation = (SELECT generation FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'live')
    AND team_id = ?1
    AND project_id = ?2
    AND ticket = ?13
    AND (?3 IS NULL OR run_id = ?3)
    AND (?4 IS NULL OR session_id = ?4)
    AND (?5 IS NULL OR agent_name = ?5)
    AND (?6 IS NULL OR state = ?6)
    AND (?7 IS NULL OR priority = ?7)
    AND (?8 IS NULL OR assignee = ?8)
    AND (?9 IS NULL OR kind = ?9)
    AND (priority_rank, last_event_pos) < (?10, ?11)
ORDER BY priority_rank DESC, last_event_pos DESC
LIMIT ?12 + 0
