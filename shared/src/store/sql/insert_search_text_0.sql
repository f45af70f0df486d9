INSERT INTO view_search_text_0 (rowid, scope, title, body)
SELECT ?5, ?6, title, ?7
FROM view_search_titles
WHERE generation = ?1 AND team_id = ?2 AND project_id = ?3 AND thread_id = ?4
