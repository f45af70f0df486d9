-- How far the keys were pruned, and how far they may be now.
SELECT done.seq, coalesce((
    SELECT max(old.seq)
    FROM (SELECT seq, accepted_at FROM commands WHERE seq > done.seq ORDER BY seq LIMIT ?2 + 0) AS old
    WHERE old.accepted_at <= ?1
), done.seq)
FROM (
    SELECT coalesce((SELECT CAST(value AS INTEGER) FROM meta WHERE name = 'retention.idempotency_keys'), 0) AS seq
) AS done
