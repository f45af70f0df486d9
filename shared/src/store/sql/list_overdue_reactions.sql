-- Sessions with a nudge whose clock ran out at ?1, and of which no person was told. The key of such a reaction is the kind
-- of that notification.
SELECT DISTINCT +team_id, +project_id, +session_id
FROM reactions
WHERE escalate_at <= ?1
    AND NOT EXISTS (
        SELECT 1
        FROM notifications AS n
        WHERE n.team_id = reactions.team_id
            AND n.project_id = reactions.project_id
            AND n.kind = reactions.key
            AND n.subject = reactions.subject
            AND n.resolved_at IS NULL
    )
LIMIT ?2 + 0
