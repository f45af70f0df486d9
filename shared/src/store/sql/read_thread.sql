SELECT
    thread_id, kind, ticket, run_id, session_id, agent_name, title, state, priority, assignee, opened_by_type, opened_by,
    options, default_answer, deadline, on_timeout, request_id, asked_at, guidance_status, answer, opened_at, updated_at,
    closed_at, escalated_at, version
FROM threads
WHERE team_id = ?1 AND project_id = ?2 AND thread_id = ?3
