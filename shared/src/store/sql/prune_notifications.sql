DELETE FROM notifications
WHERE id IN (
        SELECT id
        FROM notifications
        WHERE read_at IS NOT NULL AND resolved_at <= ?1 AND read_at <= ?1 AND delivery <> 'pending'
        ORDER BY resolved_at
        LIMIT ?2 + 0
    )
