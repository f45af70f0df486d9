-- The newest pull requests up to row ?3 and from row ?2 on whose words match.
SELECT rowid
FROM pull_request_text
WHERE pull_request_text MATCH ?1 AND rowid BETWEEN ?2 AND ?3
ORDER BY rowid DESC
LIMIT ?4 + 0
