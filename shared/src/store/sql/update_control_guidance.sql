-- How the present request stands; nothing when there is none.
UPDATE control_threads
SET status = coalesce(?4, status), version = version + 1
WHERE team_id = ?1 AND project_id = ?2 AND thread_id = ?3
