-- What is open in a run. Without a viewer everything is unseen. Left to itself the planner would read the whole project by
-- the primary key, which it believes to be as short.
SELECT
    count(*),
    coalesce(sum(view.last_event_pos > coalesce((
        SELECT mark.last_seen_pos
        FROM read_marks AS mark
        WHERE mark.team_id = view.team_id
            AND mark.project_id = view.project_id
            AND mark.thread_id = view.thread_id
            AND mark.viewer_type = ?4
            AND mark.viewer_id = ?5
    ), 0)), 0),
    coalesce(sum(view.last_voice = 'agent' AND view.state IN ('new', 'waiting_human', 'waiting_operator')), 0),
    coalesce(sum(view.state = 'waiting_operator'), 0),
    coalesce(sum(view.state = 'waiting_human'), 0)
FROM view_thread_views AS view INDEXED BY thread_views_of_run
WHERE view.generation = (SELECT generation FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'live')
    AND view.team_id = ?1
    AND view.project_id = ?2
    AND view.run_id = ?3
    AND view.state <> 'closed'
