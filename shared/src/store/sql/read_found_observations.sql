-- The observations ?3 as they are shown, with what is around the words of query ?4 and the first ?5 characters of
-- the body.
SELECT
    document.id, document.observation_id, document.project_id, document.kind, document.title, document.session_id,
    NULL, NULL, document.created_at, snippet(observation_text, 2, '', '', '…', 16), substr(document.body, 1, ?5)
FROM json_each(?3) AS wanted
CROSS JOIN observations AS document
CROSS JOIN observation_text
WHERE document.id = wanted.value
    AND document.team_id = ?1
    AND (?2 IS NULL OR document.project_id = ?2)
    AND observation_text MATCH ?4
    AND observation_text.rowid = document.id
