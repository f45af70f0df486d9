-- The posts at the positions ?3 of generation ?4 as they are shown, with the first ?5 characters of their texts.
SELECT
    document.pos, post.post_id, post.project_id, 'post', thread.title, thread.session_id, thread.thread_id, NULL,
    post.created_at, NULL, substr(post.body, 1, ?5)
FROM json_each(?3) AS wanted
CROSS JOIN view_search AS document
CROSS JOIN threads AS thread
CROSS JOIN posts AS post
WHERE document.generation = ?4
    AND document.pos = wanted.value
    AND document.team_id = ?1
    AND (?2 IS NULL OR document.project_id = ?2)
    AND thread.team_id = document.team_id
    AND thread.project_id = document.project_id
    AND thread.thread_id = document.thread_id
    AND post.team_id = thread.team_id
    AND post.project_id = thread.project_id
    AND post.thread_id = thread.thread_id
    AND post.post_id = document.post_id
