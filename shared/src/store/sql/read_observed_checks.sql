-- The checks that observation ?4 may change or put together: of the commits that it names, and of the newest one.
SELECT name, "commit", status, check_url, log_tail, observed_at
FROM pr_checks
WHERE team_id = ?1
    AND project_id = ?2
    AND url = ?3
    AND "commit" IN (
        SELECT head_sha FROM pull_requests WHERE team_id = ?1 AND project_id = ?2 AND url = ?3
        UNION ALL
        SELECT payload ->> 'head_sha' FROM commands WHERE team_id = ?1 AND project_id = ?2 AND command_id = ?4
        UNION ALL
        SELECT named.value ->> 'commit'
        FROM commands AS c, json_each(c.payload, '$.checks') AS named
        WHERE c.team_id = ?1 AND c.project_id = ?2 AND c.command_id = ?4
    )
-- The commits decide, not the order: an index in that order would have to be read whole.
ORDER BY +id
