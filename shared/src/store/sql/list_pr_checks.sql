-- The newest checks of a pull request, newest first; with the logs of the commit ?5 only, if one is given: logs are long.
SELECT name, "commit", status, check_url, iif(?5 IS NULL OR "commit" = ?5, log_tail, NULL), observed_at
FROM pr_checks
WHERE team_id = ?1 AND project_id = ?2 AND url = ?3
ORDER BY id DESC
LIMIT ?4 + 0
