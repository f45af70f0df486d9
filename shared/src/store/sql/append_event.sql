-- VALUES, not SELECT: into a table with triggers SQLite would first copy the rows of a SELECT into a temporary table.
INSERT INTO events (
    event_id, stream, version, type, team_id, project_id, ticket, run_id, thread_id, session_id, agent_name,
    actor_type, actor_name, correlation_id, causation_id, traceparent, occurred_at, recorded_at, payload
)
VALUES (
    ?1,
    ?2,
    coalesce(
        ?3,
        (SELECT coalesce(max(version), 0) + 1 FROM events WHERE team_id = ?5 AND project_id = ?6 AND stream = ?2)
    ),
    ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11,
    (SELECT actor_type FROM commit_context),
    (SELECT actor_name FROM commit_context),
    (SELECT correlation_id FROM commit_context),
    coalesce(?12, (SELECT causation_id FROM commit_context)),
    (SELECT traceparent FROM commit_context),
    (SELECT now FROM commit_context),
    (SELECT now FROM commit_context),
    ?13
)
