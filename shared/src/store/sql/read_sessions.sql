-- Sessions by their ids (?3, a JSON list), and those that the command ?4 names: by id, to restore, or by the launcher's id.
SELECT
    id, project_id, session_id, ticket, run_id, agent_name, kind, harness, external_session_id, prompt, repository, branch,
    workspace_path, workspace_dirty, runtime_name, runtime_handle_id, agent_session_id, launch_id, started_by_type,
    started_by, state, state_since, termination_reason, end_reason, is_alive, activity, activity_at, activity_source,
    activity_command, progress_at, detecting_attempts, detecting_since, detecting_evidence, probe_runtime, probe_process,
    probe_at, launched_at, inbox_pos, created_at, updated_at, version
FROM sessions
WHERE team_id = ?1
    AND project_id = ?2
    AND session_id IN (
        SELECT value FROM json_each(?3)
        UNION ALL
        SELECT payload ->> 'session_id'
        FROM commands
        WHERE team_id = ?1 AND project_id = ?2 AND command_id = ?4
        UNION ALL
        SELECT payload ->> 'restore_session_id'
        FROM commands
        WHERE team_id = ?1 AND project_id = ?2 AND command_id = ?4
        UNION ALL
        SELECT known.session_id
        FROM commands AS c
        CROSS JOIN sessions AS known
        WHERE c.team_id = ?1
            AND c.project_id = ?2
            AND c.command_id = ?4
            AND known.team_id = ?1
            AND known.project_id = ?2
            AND known.external_session_id = c.payload ->> 'external_session_id'
    )
-- The ids decide, not the order: an index in that order would have to be read whole.
ORDER BY +id DESC
