-- A new request takes the place of the one before.
UPDATE control_threads
SET request_id = ?4,
    status = 'pending',
    question = ?5,
    options = ?6,
    "default" = ?7,
    deadline = ?8,
    asked_at = ?9,
    asked_pos = (SELECT pos FROM events WHERE team_id = ?1 AND project_id = ?2 AND event_id = ?10),
    version = version + 1
WHERE team_id = ?1 AND project_id = ?2 AND thread_id = ?3
