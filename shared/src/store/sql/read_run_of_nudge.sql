-- The state of the run of the session that nudge ?3 is for.
SELECT r.state
FROM commands AS c
CROSS JOIN sessions AS s
CROSS JOIN runs AS r
WHERE c.team_id = ?1
    AND c.project_id = ?2
    AND c.command_id = ?3
    AND s.team_id = ?1
    AND s.project_id = ?2
    AND s.session_id = c.payload ->> 'session_id'
    AND r.team_id = ?1
    AND r.project_id = ?2
    AND r.run_id = s.run_id
