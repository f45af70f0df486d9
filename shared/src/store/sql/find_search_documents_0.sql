-- The newest documents up to ?3 and from ?2 on that match.
SELECT rowid
FROM view_search_text_0
WHERE view_search_text_0 MATCH ?1 AND rowid BETWEEN ?2 AND ?3
ORDER BY rowid DESC
LIMIT ?4 + 0
