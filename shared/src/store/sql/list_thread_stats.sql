SELECT project_id, ticket, run_id, state, priority, count
FROM view_thread_stats
WHERE generation = (SELECT generation FROM projection_checkpoints WHERE projection = 'thread-stats' AND state = 'live')
    AND team_id = ?1
    AND (?2 IS NULL OR project_id = ?2)
    AND (?3 IS NULL OR ticket = ?3)
    AND (?4 IS NULL OR run_id = ?4)
    AND count > 0
ORDER BY project_id, ticket, run_id, state, priority
