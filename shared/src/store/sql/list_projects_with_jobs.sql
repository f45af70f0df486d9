-- One job of each project that has queued ones in the lane, found by leaps through the index; then how many may begin.
WITH RECURSIVE first_of (id) AS (
    SELECT (
        SELECT id FROM jobs WHERE status = 'queued' AND kind = ?1 ORDER BY team_id, project_id LIMIT 1
    )
    UNION ALL
    SELECT (
        SELECT other.id
        FROM jobs AS other
        WHERE other.status = 'queued'
            AND other.kind = ?1
            AND (other.team_id, other.project_id) > (jobs.team_id, jobs.project_id)
        ORDER BY other.team_id, other.project_id
        LIMIT 1
    )
    FROM first_of
    CROSS JOIN jobs ON jobs.id = first_of.id
)
SELECT
    jobs.team_id,
    jobs.project_id,
    (
        SELECT count(*)
        FROM (
            SELECT 1
            FROM jobs AS waiting
            WHERE waiting.status = 'queued'
                AND waiting.kind = ?1
                AND waiting.team_id = jobs.team_id
                AND waiting.project_id = jobs.project_id
                AND waiting.next_attempt_at <= ?2
            LIMIT ?3 + 0
        )
    )
FROM first_of
CROSS JOIN jobs ON jobs.id = first_of.id
WHERE NOT EXISTS (
    SELECT 1
    FROM lane_pauses
    WHERE lane_pauses.team_id = jobs.team_id
        AND lane_pauses.project_id IN ('', jobs.project_id)
        AND lane_pauses.kind = ?1
)
