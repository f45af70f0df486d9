-- The oldest rows come first, so a look at the front is enough. Kept are: what has not been sent; the doorbell of a command
-- or job that is not finished; and of events those that a projection still has before it, and the newest, which reconciliation
-- rings.
DELETE FROM outbox
WHERE id IN (
        SELECT front.id
        FROM (
            SELECT id, message_id, status, sent_at, payload FROM outbox WHERE status <> 'dead' ORDER BY id LIMIT ?2 + 0
        ) AS front
        WHERE front.status = 'sent'
            AND front.sent_at <= ?1
            AND NOT EXISTS (
                SELECT 1
                FROM commands
                WHERE command_id = 'cmd_' || substr(front.message_id, 5) AND status = 'accepted'
            )
            AND NOT EXISTS (
                SELECT 1
                FROM jobs
                WHERE job_id = substr(front.message_id, 5) AND status IN ('queued', 'processing')
            )
            AND coalesce(front.payload ->> 'pos', 0) < (SELECT coalesce(max(pos), 0) FROM events)
            AND coalesce(front.payload ->> 'pos', 0) <= (
                SELECT min(pos) FROM projection_checkpoints WHERE state = 'live'
            )
    )
