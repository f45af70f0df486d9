-- As list_sessions, of the run ?7.
SELECT id, session_id
FROM sessions
WHERE team_id = ?1
    AND project_id = ?2
    AND id < ?3
    AND run_id = ?7
    AND (?5 = '[]' OR state IN (SELECT value FROM json_each(?5)))
    AND (
        ?6 = 0
        OR EXISTS (
            SELECT 1
            FROM pull_requests AS p
            WHERE p.team_id = ?1 AND p.project_id = ?2 AND p.session_id = sessions.session_id
        )
    )
ORDER BY id DESC
LIMIT ?4 + 0
