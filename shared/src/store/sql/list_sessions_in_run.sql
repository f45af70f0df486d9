-- As list_sessions, of the run ?7.
SELECT id, session_id
FROM sessions
WHERE team_id = ?1
    AND project_id = ?2
    AND id < ?3
    AND run_id = ?7
    AND (?5 = '[]' OR state IN (SELECT value FROM json_each(?5)))
    AND (
        ?6 = '[]'
        OR EXISTS (
            SELECT 1
            FROM pull_requests AS p
            WHERE p.team_id = ?1
                AND p.project_id = ?2
                AND p.session_id = sessions.session_id
                AND (
                    (instr(?6, '"merged"') AND p.state = 'merged')
                    OR (instr(?6, '"ci_failed"') AND p.ci = 'failing')
                    OR (instr(?6, '"draft"') AND p.state = 'draft')
                    OR (instr(?6, '"changes_requested"') AND (p.review = 'changes_requested' OR p.unresolved > 0))
                    OR (instr(?6, '"mergeable"') AND p.mergeability = 'mergeable')
                    OR (instr(?6, '"approved"') AND p.review = 'approved')
                    OR (instr(?6, '"review_pending"') AND p.review = 'review_required')
                    OR (instr(?6, '"pr_open"') AND p.state = 'open')
                )
        )
    )
ORDER BY id DESC
LIMIT ?4 + 0
