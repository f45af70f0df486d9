-- A mark only grows, and never beyond the thread's newest event; nothing or 0 means that one.
INSERT INTO read_marks (team_id, project_id, thread_id, viewer_type, viewer_id, last_seen_pos, updated_at)
SELECT
    thread.team_id,
    thread.project_id,
    thread.thread_id,
    ?4,
    ?5,
    CASE WHEN ?6 BETWEEN 1 AND newest.pos THEN ?6 ELSE newest.pos END,
    c.now
FROM threads AS thread
CROSS JOIN (
    SELECT coalesce(max(pos), 0) AS pos
    FROM events
    WHERE team_id = ?1 AND project_id = ?2 AND stream = 'thread/' || ?3
) AS newest
CROSS JOIN commit_context AS c
WHERE thread.team_id = ?1 AND thread.project_id = ?2 AND thread.thread_id = ?3
ON CONFLICT (team_id, project_id, thread_id, viewer_type, viewer_id) DO UPDATE SET
    last_seen_pos = max(last_seen_pos, excluded.last_seen_pos),
    updated_at = excluded.updated_at
RETURNING last_seen_pos
