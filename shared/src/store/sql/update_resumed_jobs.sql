-- Jobs of a project, or of a whole team, that were queued while their lane was paused are to be rung for. A pause that still
-- holds keeps its own.
UPDATE jobs
SET rings = 1, updated_at = (SELECT now FROM commit_context)
WHERE team_id = ?1
    AND (?2 IS NULL OR project_id = ?2)
    AND kind = ?3
    AND status = 'queued'
    AND NOT rings
    AND NOT EXISTS (
        SELECT 1
        FROM lane_pauses AS p
        WHERE p.team_id = ?1 AND p.project_id IN ('', jobs.project_id) AND p.kind = ?3
    )
