-- The pull requests ?3 as they are shown, with what is around the words of query ?4 and the first ?5 characters of
-- the body.
SELECT
    document.id, document.url, document.project_id, 'pull_request', document.title, document.session_id, NULL,
    document.url, pr.created_at, snippet(pull_request_text, 2, '', '', '…', 16), substr(document.body, 1, ?5)
FROM json_each(?3) AS wanted
CROSS JOIN pull_request_documents AS document
CROSS JOIN pull_requests AS pr
CROSS JOIN pull_request_text
WHERE document.id = wanted.value
    AND document.team_id = ?1
    AND (?2 IS NULL OR document.project_id = ?2)
    AND pr.team_id = document.team_id
    AND pr.project_id = document.project_id
    AND pr.url = document.url
    AND pull_request_text MATCH ?4
    AND pull_request_text.rowid = document.id
