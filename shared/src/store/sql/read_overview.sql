SELECT
    (SELECT count(*) FROM commands WHERE status = 'accepted'),
    (SELECT min(accepted_at) FROM commands WHERE status = 'accepted'),
    (SELECT coalesce(max(pos), 0) FROM events)
