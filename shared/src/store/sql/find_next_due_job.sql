-- When the first of the lane's jobs that wait for their time may begin. Few do: those that failed and are tried again.
SELECT next_attempt_at
FROM jobs
WHERE status = 'queued'
    AND next_attempt_at > 0
    AND kind = ?1
    AND NOT EXISTS (
        SELECT 1
        FROM lane_pauses
        WHERE lane_pauses.team_id = jobs.team_id
            AND lane_pauses.project_id IN ('', jobs.project_id)
            AND lane_pauses.kind = ?1
    )
ORDER BY next_attempt_at
LIMIT 1
