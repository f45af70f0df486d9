-- Nudges of session ?3 on its control thread ?4 that are accepted and not handled yet.
SELECT payload ->> 'key', payload ->> 'subject', payload -> 'covers'
FROM commands
WHERE team_id = ?1
    AND project_id = ?2
    AND stream = 'thread/' || ?4
    AND status = 'accepted'
    AND name = 'send_nudge'
    AND payload ->> 'session_id' = ?3
