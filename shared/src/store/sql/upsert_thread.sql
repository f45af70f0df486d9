INSERT INTO threads (
    team_id, project_id, thread_id, kind, ticket, run_id, session_id, agent_name, title, state, priority, assignee,
    opened_by, opened_by_type, options, default_answer, deadline, on_timeout, request_id, asked_at, guidance_status,
    answer, opened_at, updated_at, closed_at, escalated_at, version
)
VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25,
    ?26, ?27
)
ON CONFLICT (team_id, project_id, thread_id) DO UPDATE SET
    state = excluded.state,
    priority = excluded.priority,
    assignee = excluded.assignee,
    options = excluded.options,
    default_answer = excluded.default_answer,
    deadline = excluded.deadline,
    on_timeout = excluded.on_timeout,
    request_id = excluded.request_id,
    asked_at = excluded.asked_at,
    guidance_status = excluded.guidance_status,
    answer = excluded.answer,
    updated_at = excluded.updated_at,
    closed_at = excluded.closed_at,
    escalated_at = excluded.escalated_at,
    version = excluded.version
