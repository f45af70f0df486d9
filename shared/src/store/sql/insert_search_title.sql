INSERT INTO view_search_titles (generation, team_id, project_id, thread_id, title)
VALUES (?1, ?2, ?3, ?4, ?5)
