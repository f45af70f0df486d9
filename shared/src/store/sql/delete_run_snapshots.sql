DELETE FROM view_run_snapshots
WHERE generation = ?1
    AND (team_id, project_id, run_id) IN (
        SELECT team_id, project_id, run_id FROM view_run_snapshots WHERE generation = ?1 LIMIT ?2 + 0
    )
