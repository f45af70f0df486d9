-- Sessions that a command's events name and that its project does not have.
SELECT named.value
FROM commands
CROSS JOIN json_each(commands.payload, '$.sessions') AS named
WHERE commands.command_id = ?3
    AND commands.team_id = ?1
    AND commands.project_id = ?2
    AND NOT EXISTS (
        SELECT 1
        FROM sessions
        WHERE sessions.team_id = ?1 AND sessions.project_id = ?2 AND sessions.session_id = named.value
    )
LIMIT 10
