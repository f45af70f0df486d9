-- What the start of command ?3 begins with: the project, the next number, the run's state and first ticket, and up to where
-- the agent's earlier sessions in the run have read.
SELECT
    ?2,
    coalesce((SELECT next FROM session_counters WHERE team_id = ?1 AND project_id = ?2), 1),
    (
        SELECT state
        FROM runs
        WHERE team_id = ?1 AND project_id = ?2 AND run_id = named.run_id
    ),
    (
        SELECT tickets ->> '$[0]'
        FROM runs
        WHERE team_id = ?1 AND project_id = ?2 AND run_id = named.run_id
    ),
    coalesce(
        (
            SELECT max(inbox_pos)
            FROM sessions
            WHERE team_id = ?1
                AND project_id = ?2
                AND run_id = named.run_id
                AND agent_name = c.payload ->> 'agent_name'
        ),
        0
    )
FROM commands AS c
CROSS JOIN (
    SELECT
        coalesce(
            command.payload ->> 'run_id',
            (
                SELECT run_id
                FROM sessions
                WHERE team_id = ?1 AND project_id = ?2 AND session_id = command.payload ->> 'restore_session_id'
            )
        ) AS run_id
    FROM commands AS command
    WHERE command.team_id = ?1 AND command.project_id = ?2 AND command.command_id = ?3
) AS named
WHERE c.team_id = ?1 AND c.project_id = ?2 AND c.command_id = ?3
