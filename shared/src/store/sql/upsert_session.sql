-- A new session, or the next version of one; of another version than ?39 nothing is written.
INSERT INTO sessions (
    team_id, project_id, session_id, ticket, run_id, agent_name, kind, harness, external_session_id, prompt, repository,
    repository_key, branch, workspace_path, workspace_dirty, runtime_name, runtime_handle_id, agent_session_id, launch_id,
    started_by, started_by_type, state, state_since, termination_reason, end_reason, is_alive, activity, activity_at,
    activity_source, activity_command, progress_at, detecting_attempts, detecting_since, detecting_evidence,
    probe_runtime, probe_process, probe_at, launched_at, inbox_pos, created_at, updated_at, version
)
VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25,
    ?26, ?27, ?28, ?29, ?30, ?31, ?32, ?33, ?34, ?35, ?36, ?37, ?38, ?40, ?41, ?42, ?39 + 1
)
ON CONFLICT (team_id, project_id, session_id) DO UPDATE SET
    ticket = excluded.ticket,
    run_id = excluded.run_id,
    agent_name = excluded.agent_name,
    kind = excluded.kind,
    harness = excluded.harness,
    external_session_id = excluded.external_session_id,
    prompt = excluded.prompt,
    repository = excluded.repository,
    repository_key = excluded.repository_key,
    branch = excluded.branch,
    workspace_path = excluded.workspace_path,
    workspace_dirty = excluded.workspace_dirty,
    runtime_name = excluded.runtime_name,
    runtime_handle_id = excluded.runtime_handle_id,
    agent_session_id = excluded.agent_session_id,
    launch_id = excluded.launch_id,
    state = excluded.state,
    state_since = excluded.state_since,
    termination_reason = excluded.termination_reason,
    end_reason = excluded.end_reason,
    is_alive = excluded.is_alive,
    activity = excluded.activity,
    activity_at = excluded.activity_at,
    activity_source = excluded.activity_source,
    activity_command = excluded.activity_command,
    progress_at = excluded.progress_at,
    detecting_attempts = excluded.detecting_attempts,
    detecting_since = excluded.detecting_since,
    detecting_evidence = excluded.detecting_evidence,
    probe_runtime = excluded.probe_runtime,
    probe_process = excluded.probe_process,
    probe_at = excluded.probe_at,
    launched_at = excluded.launched_at,
    updated_at = excluded.updated_at,
    version = excluded.version
WHERE sessions.version = ?39
