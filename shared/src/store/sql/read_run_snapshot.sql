SELECT
    view.run_id, view.project_id, view.title, view.tickets, view.mode, view.state, view.reason, view.state_since,
    view.brief, view.agents, view.started_by, view.started_by_type, view.created_at, view.updated_at, view.last_event_pos,
    view.started_pos
FROM projects AS project
CROSS JOIN view_run_snapshots AS view
WHERE project.team_id = ?1
    AND (?2 IS NULL OR project.project_id = ?2)
    AND view.generation = (SELECT generation FROM projection_checkpoints WHERE projection = 'run-snapshots' AND state = 'live')
    AND view.team_id = project.team_id
    AND view.project_id = project.project_id
    AND view.run_id = ?3
