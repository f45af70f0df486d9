-- The position of the command that this commit finishes, and the types of the events that triggers wrote in it.
SELECT
    pos,
    (
        SELECT json_group_array(type)
        FROM (SELECT type FROM events ORDER BY pos DESC LIMIT (SELECT n FROM commit_context) + 0)
    )
FROM commands
WHERE command_id = ?1 AND team_id = ?2 AND project_id = ?3
