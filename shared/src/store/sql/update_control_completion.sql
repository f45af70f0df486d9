UPDATE control_threads
SET completion_pos = (SELECT pos FROM events WHERE team_id = ?1 AND project_id = ?2 AND event_id = ?4),
    version = version + 1
WHERE team_id = ?1 AND project_id = ?2 AND thread_id = ?3
