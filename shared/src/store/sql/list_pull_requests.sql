-- Pull requests, newest first. All that is given must match.
SELECT
    id, project_id, url, session_id, title, branch, base_branch, head_sha, author, additions, deletions, state, state_since,
    review, review_since, reviews, ci, ci_since, mergeability, mergeability_since, blockers, observed_at, created_at,
    updated_at, version, unresolved, unresolved_since
FROM pull_requests
WHERE team_id = ?1
    AND project_id = ?2
    AND id < ?3
    AND (?5 IS NULL OR session_id = ?5)
    AND (?6 IS NULL OR state = ?6)
    AND (?7 IS NULL OR url = ?7)
ORDER BY id DESC
LIMIT ?4 + 0
