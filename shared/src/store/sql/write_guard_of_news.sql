INSERT INTO guard (holds)
SELECT
    coalesce(
        (
            -- Only what will be heeded stands for what repeats it.
            SELECT payload ->> 'activity' IS NOT ?4
            FROM commands
            WHERE team_id = ?1
                AND project_id = ?2
                AND stream = 'session/' || ?3
                AND status = 'accepted'
                AND name = 'report_activity'
                AND coalesce(payload ->> 'valid', 1)
                AND payload ->> 'at' IS NULL
                AND payload ->> 'launch_id' IS ?6
            ORDER BY seq DESC
            LIMIT 1
        ),
        NOT EXISTS (
            SELECT 1
            FROM sessions
            WHERE team_id = ?1
                AND project_id = ?2
                AND session_id = ?3
                AND activity = ?4
                AND activity_at > ?5
                AND state NOT IN ('done', 'terminated')
                AND (?6 IS NULL OR launch_id IS NULL OR launch_id = ?6)
        )
    )
