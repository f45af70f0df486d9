INSERT INTO view_search (generation, pos, team_id, project_id, thread_id, post_id)
VALUES (?1, ?5, ?2, ?3, ?4, ?6)
