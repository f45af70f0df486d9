-- The run that the signal of command ?3 names: its state and its first ticket.
SELECT state, tickets ->> '$[0]'
FROM runs
WHERE team_id = ?1
    AND project_id = ?2
    AND run_id = (SELECT payload ->> 'run_id' FROM commands WHERE team_id = ?1 AND project_id = ?2 AND command_id = ?3)
