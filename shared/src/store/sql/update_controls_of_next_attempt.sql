-- Another attempt of the run: what proved the one before counts no more. Whoever waits for guidance still does.
UPDATE control_threads
SET completion_pos = NULL, validation_status = NULL, validation_pos = NULL, done_criteria = NULL, version = version + 1
WHERE team_id = ?1 AND project_id = ?2 AND run_id = ?3
