-- Counts a thread no more where it stood.
UPDATE view_thread_stats
SET count = count - 1
WHERE generation = ?1
    AND team_id = ?2
    AND project_id = ?3
    AND (ticket, run_id, state, priority) = (
        SELECT ticket, run_id, state, priority
        FROM view_thread_stats_threads
        WHERE generation = ?1 AND team_id = ?2 AND project_id = ?3 AND thread_id = ?4
    )
