-- A new pull request, or the next version of one; of another version than ?25 nothing is written.
INSERT INTO pull_requests (
    team_id, project_id, url, session_id, title, branch, base_branch, head_sha, author, additions, deletions, state,
    state_since, review, review_since, reviews, ci, ci_since, mergeability, mergeability_since, blockers, observed_at,
    created_at, updated_at, version
)
VALUES (
    ?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20, ?21, ?22, ?23, ?24, ?25 + 1
)
ON CONFLICT (team_id, project_id, url) DO UPDATE SET
    session_id = excluded.session_id,
    title = excluded.title,
    branch = excluded.branch,
    base_branch = excluded.base_branch,
    head_sha = excluded.head_sha,
    author = excluded.author,
    additions = excluded.additions,
    deletions = excluded.deletions,
    state = excluded.state,
    state_since = excluded.state_since,
    review = excluded.review,
    review_since = excluded.review_since,
    reviews = excluded.reviews,
    ci = excluded.ci,
    ci_since = excluded.ci_since,
    mergeability = excluded.mergeability,
    mergeability_since = excluded.mergeability_since,
    blockers = excluded.blockers,
    observed_at = excluded.observed_at,
    updated_at = excluded.updated_at,
    version = excluded.version
WHERE pull_requests.version = ?25
