-- What nudge ?3 tells of and was told before: its subject, and what it covers.
SELECT told.subject
FROM commands AS c
CROSS JOIN reactions AS told
WHERE c.team_id = ?1
    AND c.project_id = ?2
    AND c.command_id = ?3
    AND told.team_id = ?1
    AND told.project_id = ?2
    AND told.session_id = c.payload ->> 'session_id'
    AND told.key = c.payload ->> 'key'
    AND told.subject IN (
        SELECT c.payload ->> 'subject'
        UNION ALL
        SELECT value FROM json_each(c.payload, '$.covers')
    )
