-- Doorbells for jobs of a lane that is no longer paused, also for those whose doorbell rang in vain meanwhile. One would
-- do: the lane takes all that waits.
INSERT INTO outbox (message_id, team_id, project_id, topic, key, payload, created_at, updated_at)
SELECT
    'msg_' || jobs.job_id,
    jobs.team_id,
    jobs.project_id,
    'forum.jobs.' || jobs.kind,
    jobs.team_id || '/' || jobs.project_id || '/job/' || jobs.job_id,
    json_object('job', jobs.job_id),
    c.now,
    c.now
FROM jobs
CROSS JOIN commit_context AS c
WHERE jobs.team_id = ?1
    AND (?2 IS NULL OR jobs.project_id = ?2)
    AND jobs.kind = ?3
    AND jobs.status = 'queued'
    AND jobs.rings
    AND jobs.next_attempt_at <= c.now
    AND NOT EXISTS (
        SELECT 1
        FROM lane_pauses AS p
        WHERE p.team_id = ?1 AND p.project_id IN ('', jobs.project_id) AND p.kind = ?3
    )
ORDER BY jobs.next_attempt_at, jobs.id
LIMIT ?4 + 0
ON CONFLICT (message_id) DO UPDATE SET
    status = 'pending',
    attempts = 0,
    fence = fence + 1,
    next_attempt_at = 0,
    locked_until = NULL,
    last_error = NULL,
    updated_at = excluded.updated_at
WHERE outbox.team_id = excluded.team_id AND outbox.project_id = excluded.project_id
