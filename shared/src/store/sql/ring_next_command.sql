-- The stream's next accepted command goes back to the outbox. A row that is being published right now is rung again too:
-- its doorbell may have come too early, and the new fence keeps the drainer from marking it sent.
UPDATE outbox
SET status = 'pending',
    fence = fence + 1,
    next_attempt_at = 0,
    locked_until = NULL,
    updated_at = (SELECT now FROM commit_context)
WHERE message_id = (
        SELECT 'msg_' || substr(command_id, instr(command_id, '_') + 1)
        FROM commands
        WHERE team_id = ?1 AND project_id = ?2 AND stream = ?3 AND status = 'accepted'
        ORDER BY seq
        LIMIT 1
    )
    AND team_id = ?1
    AND project_id = ?2
    AND status IN ('sent', 'processing')
