-- Those of the positions ?3 that are the tenant's, with their threads, and whether those are of session ?4 if it is given.
SELECT
    document.pos, document.thread_id,
    ?4 IS NULL OR EXISTS (
        SELECT 1
        FROM threads AS thread
        WHERE thread.team_id = document.team_id
            AND thread.project_id = document.project_id
            AND thread.thread_id = document.thread_id
            AND thread.session_id = ?4
    )
FROM json_each(?3) AS wanted
CROSS JOIN view_search AS document
WHERE document.generation = ?5
    AND document.pos = wanted.value
    AND document.team_id = ?1
    AND (?2 IS NULL OR document.project_id = ?2)
