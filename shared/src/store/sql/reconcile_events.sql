-- A projection behind the head is rung by the doorbell of the newest event: it reads everything up to there.
UPDATE outbox
SET status = 'pending', fence = fence + 1, next_attempt_at = 0, locked_until = NULL, updated_at = ?1
WHERE status = 'sent'
    AND updated_at <= ?2
    AND message_id = (
        SELECT 'msg_' || substr(event_id, instr(event_id, '_') + 1)
        FROM events
        WHERE pos = (SELECT max(pos) FROM events)
    )
    AND EXISTS (
        SELECT 1
        FROM projection_checkpoints
        WHERE state = 'live' AND pos < (SELECT max(pos) FROM events)
    )
RETURNING id
