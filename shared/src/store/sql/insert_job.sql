-- A job that is there already stays as it is.
INSERT INTO jobs (
    job_id, team_id, project_id, kind, source_type, source_id, session_id, payload, rings, moved_by, key_id, request_id,
    correlation_id, causation_id, traceparent, created_at, updated_at
)
VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8,
    ?9
        AND NOT EXISTS (
            SELECT 1 FROM lane_pauses WHERE team_id = ?2 AND project_id IN ('', ?3) AND kind = ?4
        ),
    'request', ?10, ?11, ?12, ?13, ?14, (SELECT now FROM commit_context), (SELECT now FROM commit_context)
)
ON CONFLICT DO NOTHING
