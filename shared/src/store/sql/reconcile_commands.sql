-- Every accepted command that is the head of its stream and whose doorbell is not on its way gets one.
UPDATE outbox
SET status = 'pending', fence = fence + 1, next_attempt_at = 0, locked_until = NULL, updated_at = ?1
WHERE status = 'sent'
    AND updated_at <= ?2
    AND message_id IN (
        SELECT 'msg_' || substr(command_id, instr(command_id, '_') + 1)
        FROM commands AS waiting
        WHERE waiting.status = 'accepted'
            AND coalesce(waiting.locked_until, 0) <= ?1
            AND NOT EXISTS (
                SELECT 1
                FROM commands AS earlier
                WHERE earlier.team_id = waiting.team_id
                    AND earlier.project_id = waiting.project_id
                    AND earlier.stream = waiting.stream
                    AND earlier.status = 'accepted'
                    AND earlier.seq < waiting.seq
            )
    )
RETURNING id
