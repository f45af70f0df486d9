SELECT
    sum(status = 'pending'),
    sum(status = 'processing'),
    sum(status = 'failed'),
    min(CASE WHEN status = 'pending' THEN created_at END),
    (SELECT count(*) FROM outbox WHERE status = 'dead')
FROM outbox
WHERE status IN ('pending', 'processing', 'failed')
