-- Positions of the newest events up to ?4 on the threads of session ?3: among them those of its posts.
SELECT event.pos
FROM projects AS project
CROSS JOIN threads AS thread
CROSS JOIN events AS event
WHERE project.team_id = ?1
    AND (?2 IS NULL OR project.project_id = ?2)
    AND thread.team_id = project.team_id
    AND thread.project_id = project.project_id
    AND thread.session_id = ?3
    AND event.team_id = thread.team_id
    AND event.project_id = thread.project_id
    AND event.stream = 'thread/' || thread.thread_id
    AND event.pos <= ?4
ORDER BY event.pos DESC
LIMIT ?5 + 0
