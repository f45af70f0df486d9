-- The newest checks of a pull request, newest first.
SELECT name, "commit", status, check_url, log_tail, observed_at
FROM pr_checks
WHERE team_id = ?1 AND project_id = ?2 AND url = ?3
ORDER BY id DESC
LIMIT ?4 + 0
