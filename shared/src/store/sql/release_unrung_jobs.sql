-- Jobs that came while their lane was disabled, and it works now: they are rung for like others.
UPDATE jobs
SET rings = 1
WHERE id IN (
    SELECT id
    FROM jobs AS unrung
    WHERE unrung.status = 'queued'
        AND unrung.rings = 0
        AND unrung.kind IN (SELECT value FROM json_each(?1))
        AND NOT EXISTS (
            SELECT 1
            FROM lane_pauses
            WHERE lane_pauses.team_id = unrung.team_id
                AND lane_pauses.project_id IN ('', unrung.project_id)
                AND lane_pauses.kind = unrung.kind
        )
    LIMIT 1000
)
