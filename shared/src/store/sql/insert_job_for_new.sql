-- A job for those of the agent events ?15 that their commit has stored; none if it has stored none. A list of them is put
-- into the payload of a batch's job.
INSERT INTO jobs (
    job_id, team_id, project_id, kind, source_type, source_id, session_id, payload, rings, moved_by, key_id, request_id,
    correlation_id, causation_id, traceparent, created_at, updated_at
)
SELECT
    ?1, ?2, ?3, ?4, ?5, ?6, ?7,
    CASE ?4 WHEN 'event_batch' THEN json_set(?8, '$.agent_event_ids', json(fresh.ids)) ELSE ?8 END,
    ?9
        AND NOT EXISTS (
            SELECT 1 FROM lane_pauses WHERE team_id = ?2 AND project_id IN ('', ?3) AND kind = ?4
        ),
    'request', ?10, ?11, ?12, ?13, ?14, c.now, c.now
FROM (
        SELECT count(*) AS count, json_group_array(agent_events.agent_event_id) AS ids
        FROM json_each(?15) AS wanted
        CROSS JOIN agent_events
        WHERE agent_events.team_id = ?2
            AND agent_events.project_id = ?3
            AND agent_events.agent_event_id = wanted.value
    ) AS fresh
CROSS JOIN commit_context AS c
WHERE fresh.count > 0
ON CONFLICT DO NOTHING
