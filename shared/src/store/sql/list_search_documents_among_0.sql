-- Which of the posts ?3 match.
SELECT document.pos
FROM json_each(?3) AS wanted
CROSS JOIN view_search AS document
CROSS JOIN view_search_text_0
WHERE document.generation = ?5
    AND document.pos = wanted.value
    AND document.team_id = ?1
    AND (?2 IS NULL OR document.project_id = ?2)
    AND view_search_text_0 MATCH ?4
    AND view_search_text_0.rowid = document.pos
