-- Takes the command if it is the head of its stream and nobody is handling it, and counts the attempt before anything
-- can crash.
UPDATE commands
SET attempts = attempts + 1, locked_until = ?4 + ?5
WHERE command_id = ?1
    AND team_id = ?2
    AND project_id = ?3
    AND status = 'accepted'
    AND coalesce(locked_until, 0) <= ?4
    AND NOT EXISTS (
        SELECT 1
        FROM commands AS earlier
        WHERE earlier.team_id = commands.team_id
            AND earlier.project_id = commands.project_id
            AND earlier.stream = commands.stream
            AND earlier.status = 'accepted'
            AND earlier.seq < commands.seq
    )
