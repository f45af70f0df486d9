-- CROSS JOIN: the run's few control threads first, whatever the planner believes of the sizes.
SELECT
    t.thread_id, t.kind, t.ticket, t.run_id, t.session_id, t.agent_name, t.title, t.state, t.priority, t.assignee,
    t.opened_by_type, t.opened_by, t.options, t.default_answer, t.deadline, t.on_timeout, t.request_id, t.asked_at,
    t.guidance_status, t.answer, t.opened_at, t.updated_at, t.closed_at, t.escalated_at, t.version
FROM control_threads AS c
CROSS JOIN threads AS t
WHERE t.team_id = c.team_id
    AND t.project_id = c.project_id
    AND t.thread_id = c.thread_id
    AND c.team_id = ?1
    AND c.project_id = ?2
    AND c.run_id = ?3
    AND t.state <> 'closed'
ORDER BY t.thread_id
