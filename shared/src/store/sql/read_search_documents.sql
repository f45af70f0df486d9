SELECT document.pos, document.thread_id, document.post_id
FROM json_each(?4) AS wanted
CROSS JOIN view_search AS document
WHERE document.generation = ?1 AND document.pos = wanted.value AND document.team_id = ?2 AND document.project_id = ?3
