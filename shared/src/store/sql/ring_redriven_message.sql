-- A message that is about no row of ours goes out again as it came.
INSERT INTO outbox (message_id, team_id, project_id, topic, key, payload, created_at, updated_at)
SELECT message_id, team_id, project_id, topic, key, '{"dead_letter":"' || dead_letters.id || '"}', c.now, c.now
FROM dead_letters
CROSS JOIN commit_context AS c
WHERE dead_letters.id = ?1
    AND team_id = ?2
    AND project_id = ?3
    AND message_id <> ''
    AND topic <> ''
    AND NOT EXISTS (SELECT 1 FROM commands WHERE command_id = 'cmd_' || substr(dead_letters.message_id, 5))
    AND NOT EXISTS (SELECT 1 FROM events WHERE event_id = 'ev_' || substr(dead_letters.message_id, 5))
    AND NOT EXISTS (SELECT 1 FROM jobs WHERE job_id = substr(dead_letters.message_id, 5))
ON CONFLICT (message_id) DO UPDATE SET
    status = 'pending',
    attempts = 0,
    fence = fence + 1,
    next_attempt_at = 0,
    locked_until = NULL,
    last_error = NULL,
    updated_at = excluded.updated_at
WHERE outbox.team_id = excluded.team_id AND outbox.project_id = excluded.project_id
