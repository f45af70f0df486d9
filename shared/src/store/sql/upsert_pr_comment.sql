INSERT INTO pr_comments (
    team_id, project_id, url, comment_id, author, is_bot, body, path, line, resolved, observed_at, created_at, updated_at
)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?12)
ON CONFLICT (team_id, project_id, url, comment_id) DO UPDATE SET
    author = excluded.author,
    is_bot = excluded.is_bot,
    body = excluded.body,
    path = excluded.path,
    line = excluded.line,
    resolved = excluded.resolved,
    observed_at = excluded.observed_at,
    updated_at = excluded.updated_at
