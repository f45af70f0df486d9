-- The command's outbox row waits again; if it was pruned, it is written again under the same message id.
INSERT INTO outbox (message_id, team_id, project_id, topic, key, payload, created_at, updated_at)
SELECT
    ?1,
    team_id,
    project_id,
    'forum.commands.' || name,
    team_id || '/' || project_id || '/' || stream,
    '{"seq":' || seq || '}',
    c.now,
    c.now
FROM commands
CROSS JOIN commit_context AS c
WHERE command_id = 'cmd_' || substr(?1, 5) AND team_id = ?2 AND project_id = ?3
ON CONFLICT (message_id) DO UPDATE SET
    status = 'pending',
    attempts = 0,
    fence = fence + 1,
    next_attempt_at = 0,
    locked_until = NULL,
    last_error = NULL,
    updated_at = excluded.updated_at
WHERE outbox.team_id = excluded.team_id AND outbox.project_id = excluded.project_id
