-- Questions whose deadline acts now, and threads that have to ask for attention: up to ?3 of each kind. `at` is what was
-- seen, `due` what tells this time from another; by the time it is done the thread may have moved on.
SELECT * FROM (
    SELECT team_id, project_id, thread_id, 'deadline' AS why, deadline AS at, max(deadline, updated_at) AS due
    FROM threads
    WHERE guidance_status = 'pending'
        AND deadline <= ?1
        AND CASE
            WHEN on_timeout = 'wait' THEN escalated_at IS NULL AND state IN ('new', 'waiting_human')
            ELSE state <> 'closed'
        END
    ORDER BY deadline
    LIMIT ?3 + 0
)
UNION ALL
SELECT * FROM (
    SELECT team_id, project_id, thread_id, 'priority', updated_at, updated_at
    FROM threads
    WHERE kind = 'question'
        AND state IN ('new', 'waiting_human')
        AND escalated_at IS NULL
        AND priority IN ('high', 'urgent')
    LIMIT ?3 + 0
)
UNION ALL
SELECT * FROM (
    SELECT team_id, project_id, thread_id, 'age', updated_at, updated_at
    FROM threads
    WHERE kind = 'question'
        AND state IN ('new', 'waiting_human')
        AND escalated_at IS NULL
        AND updated_at <= ?2
        AND priority NOT IN ('high', 'urgent')
    ORDER BY updated_at
    LIMIT ?3 + 0
)
