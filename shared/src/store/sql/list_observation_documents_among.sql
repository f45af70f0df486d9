-- Which of the observations ?3 match.
SELECT document.id
FROM json_each(?3) AS wanted
CROSS JOIN observations AS document
CROSS JOIN observation_text
WHERE document.id = wanted.value
    AND document.team_id = ?1
    AND (?2 IS NULL OR document.project_id = ?2)
    AND observation_text MATCH ?4
    AND observation_text.rowid = document.id
