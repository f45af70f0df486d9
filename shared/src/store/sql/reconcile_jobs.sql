-- Jobs of a lane that may begin and whose doorbell is not on its way get one; if it was pruned, it is written again.
INSERT INTO outbox (message_id, team_id, project_id, topic, key, payload, created_at, updated_at)
SELECT
    'msg_' || job_id, team_id, project_id, 'forum.jobs.' || kind, team_id || '/' || project_id || '/job/' || job_id,
    json_object('job', job_id), ?1, ?1
FROM (
        SELECT job_id, team_id, project_id, kind
        FROM jobs
        WHERE jobs.kind = ?3
            AND jobs.status = 'queued'
            AND jobs.rings
            AND jobs.next_attempt_at <= ?1
            AND NOT EXISTS (
                SELECT 1
                FROM lane_pauses
                WHERE lane_pauses.team_id = jobs.team_id
                    AND lane_pauses.project_id IN ('', jobs.project_id)
                    AND lane_pauses.kind = ?3
            )
        LIMIT 1000
    ) AS waiting
WHERE NOT EXISTS (
        SELECT 1
        FROM outbox AS doorbell
        WHERE doorbell.message_id = 'msg_' || waiting.job_id
            AND (doorbell.status <> 'sent' OR doorbell.updated_at > ?2)
    )
LIMIT 100
ON CONFLICT (message_id) DO UPDATE SET
    status = 'pending', attempts = 0, fence = fence + 1, next_attempt_at = 0, locked_until = NULL, last_error = NULL,
    updated_at = excluded.updated_at
RETURNING id
