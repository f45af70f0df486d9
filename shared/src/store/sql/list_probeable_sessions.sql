SELECT id, team_id, project_id, session_id, runtime_name, runtime_handle_id, launch_id, state,
    probe_runtime, probe_process
FROM sessions
WHERE runtime_handle_id IS NOT NULL AND state NOT IN ('done', 'terminated') AND id > ?1
ORDER BY id
LIMIT ?2 + 0
