-- A control thread's next question takes the place of the one before, and of its answer.
UPDATE view_thread_views
SET options = ?5, default_answer = ?6, deadline = ?7, answer = NULL
WHERE generation = ?1 AND team_id = ?2 AND project_id = ?3 AND thread_id = ?4
