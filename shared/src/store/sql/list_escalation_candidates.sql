-- Questions of a run that wait for a person, and are urgent or were not touched since ?4. The index: see
-- count_threads_of_run.sql.
SELECT view.thread_id, view.title, view.state, view.priority, view.agent_name, view.updated_at
FROM view_thread_views AS view INDEXED BY thread_views_of_run
WHERE view.generation = (SELECT generation FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'live')
    AND view.team_id = ?1
    AND view.project_id = ?2
    AND view.run_id = ?3
    AND view.state IN ('new', 'waiting_human')
    AND view.state <> 'closed'
    AND view.kind <> 'control'
    AND (view.priority IN ('high', 'urgent') OR view.updated_at <= ?4)
ORDER BY view.priority_rank DESC, view.updated_at, view.thread_id
LIMIT ?5 + 0
