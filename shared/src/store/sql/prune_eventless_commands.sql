DELETE FROM commands
WHERE seq IN (
        SELECT seq
        FROM commands
        WHERE status = 'applied' AND pos IS NULL AND finished_at <= ?1
        ORDER BY finished_at
        LIMIT ?2 + 0
    )
