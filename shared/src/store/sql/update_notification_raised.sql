-- What people are told already, or were told and have not read: it holds, and is about this session.
UPDATE notifications
SET resolved_at = NULL,
    title = iif(resolved_at IS NULL, title, ?5),
    body = iif(resolved_at IS NULL, body, ?6),
    ticket = ?7,
    run_id = ?8,
    session_id = ?9,
    agent_name = ?10
WHERE team_id = ?1
    AND project_id = ?2
    AND kind = ?3
    AND subject = ?4
    AND (resolved_at IS NULL OR read_at IS NULL)
