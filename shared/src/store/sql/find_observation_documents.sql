-- The newest observations up to row ?3 and from row ?2 on whose words match.
SELECT rowid
FROM observation_text
WHERE observation_text MATCH ?1 AND rowid BETWEEN ?2 AND ?3
ORDER BY rowid DESC
LIMIT ?4 + 0
