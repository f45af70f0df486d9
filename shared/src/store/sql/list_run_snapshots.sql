SELECT
    view.run_id, view.project_id, view.title, view.tickets, view.mode, view.state, view.reason, view.state_since,
    view.brief, view.agents, view.started_by, view.started_by_type, view.created_at, view.updated_at, view.last_event_pos,
    view.started_pos
FROM view_run_snapshots AS view
WHERE view.generation = (SELECT generation FROM projection_checkpoints WHERE projection = 'run-snapshots' AND state = 'live')
    AND view.team_id = ?1
    AND view.project_id = ?2
    AND (?3 IS NULL OR EXISTS (SELECT 1 FROM json_each(view.tickets) AS ticket WHERE ticket.value = ?3))
    AND view.started_pos < ?4
ORDER BY view.started_pos DESC
LIMIT ?5 + 0
