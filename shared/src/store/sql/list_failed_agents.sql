-- Agents of a run whose newest session failed in the run's present attempt: after the run last came back to `running` from
-- an end. What came first is told by the log, not by a clock: both may bear the same time.
SELECT failed.agent_name
FROM sessions AS failed
WHERE failed.team_id = ?1
    AND failed.project_id = ?2
    AND failed.run_id = ?3
    AND failed.termination_reason IN ('error_in_process', 'probe_failure')
    AND NOT EXISTS (
        SELECT 1
        FROM sessions AS newer
        WHERE newer.team_id = ?1
            AND newer.project_id = ?2
            AND newer.run_id = ?3
            AND newer.id > failed.id
            AND newer.agent_name = failed.agent_name
    )
    AND (
        SELECT ended.pos
        FROM events AS ended
        WHERE ended.team_id = ?1 AND ended.project_id = ?2 AND ended.stream = 'session/' || failed.session_id
        ORDER BY ended.version DESC
        LIMIT 1
    ) > coalesce((
        SELECT moved.pos
        FROM events AS moved
        WHERE moved.team_id = ?1
            AND moved.project_id = ?2
            AND moved.stream = 'run/' || ?3
            AND moved.payload ->> 'to' = 'running'
            AND moved.payload ->> 'from' IN ('completed', 'failed', 'stopped')
        ORDER BY moved.version DESC
        LIMIT 1
    ), 0)
ORDER BY failed.agent_name
