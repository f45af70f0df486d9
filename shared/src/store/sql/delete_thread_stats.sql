DELETE FROM view_thread_stats
WHERE generation = ?1
    AND (team_id, project_id, ticket, run_id, state, priority) IN (
        SELECT team_id, project_id, ticket, run_id, state, priority
        FROM view_thread_stats
        WHERE generation = ?1
        LIMIT ?2 + 0
    )
