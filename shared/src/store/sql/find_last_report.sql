SELECT
    coalesce(
        (
            SELECT command_id
            FROM commands
            WHERE team_id = ?1
                AND project_id = ?2
                AND stream = 'session/' || ?3
                AND status = 'accepted'
                AND name = 'report_activity'
            ORDER BY seq DESC
            LIMIT 1
        ),
        (SELECT activity_command FROM sessions WHERE team_id = ?1 AND project_id = ?2 AND session_id = ?3)
    )
