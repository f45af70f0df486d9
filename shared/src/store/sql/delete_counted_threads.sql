DELETE FROM view_thread_stats_threads
WHERE generation = ?1
    AND (team_id, project_id, thread_id) IN (
        SELECT team_id, project_id, thread_id FROM view_thread_stats_threads WHERE generation = ?1 LIMIT ?2 + 0
    )
