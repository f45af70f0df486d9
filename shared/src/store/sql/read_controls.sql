SELECT
    thread_id, run_id, agent_name, request_id, status, question, options, "default", deadline, asked_at, completion_pos,
    validation_status, done_criteria, validation_pos, version
FROM control_threads
WHERE team_id = ?1 AND project_id = ?2 AND run_id = ?3
ORDER BY agent_name
