-- Takes the rows ?3 out of the index with the texts that they went in with. To take out what is not in it would damage the
-- index, so it is asked first what is.
INSERT INTO observation_text (observation_text, rowid, scope, title, body)
SELECT 'delete', document.id, document.scope, document.title, document.body
FROM json_each(?3) AS wanted
CROSS JOIN observations AS document
WHERE document.id = wanted.value
    AND document.team_id = ?1
    AND document.project_id = ?2
    AND EXISTS (SELECT 1 FROM observation_text_docsize AS indexed WHERE indexed.id = document.id)
