-- The pull request ?3, those of the sessions ?4 (a JSON list), and those of the session that command ?5 names. The ids
-- decide: an index of the project would have to be read whole.
SELECT
    id, project_id, url, session_id, title, branch, base_branch, head_sha, author, additions, deletions, state, state_since,
    review, review_since, reviews, ci, ci_since, mergeability, mergeability_since, blockers, observed_at, created_at,
    updated_at, version, unresolved, unresolved_since
FROM pull_requests
WHERE +team_id = ?1
    AND +project_id = ?2
    AND id IN (
        SELECT id FROM pull_requests WHERE team_id = ?1 AND project_id = ?2 AND url = ?3
        UNION ALL
        SELECT id
        FROM pull_requests
        WHERE team_id = ?1 AND project_id = ?2 AND session_id IN (SELECT value FROM json_each(?4))
        UNION ALL
        SELECT id
        FROM pull_requests
        WHERE team_id = ?1
            AND project_id = ?2
            AND session_id IN (
                SELECT payload ->> 'session_id'
                FROM commands
                WHERE team_id = ?1 AND project_id = ?2 AND command_id = ?5
            )
    )
ORDER BY id
