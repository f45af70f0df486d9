-- One statement for a whole batch: a list of [id, fence, team, project]. A row whose fence moved on was claimed or rung
-- again meanwhile.
UPDATE outbox
SET status = 'sent', sent_at = ?2, locked_until = NULL, last_error = NULL, updated_at = ?2
FROM json_each(?1) AS mark
WHERE outbox.id = mark.value ->> 0
    AND outbox.fence = mark.value ->> 1
    AND outbox.team_id = mark.value ->> 2
    AND outbox.project_id = mark.value ->> 3
    AND outbox.status = 'processing'
