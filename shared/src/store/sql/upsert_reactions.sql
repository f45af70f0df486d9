-- Counts each of the subjects ?5 (a JSON list) once more. The first of them has the clock.
INSERT INTO reactions (team_id, project_id, session_id, key, subject, attempts, first_at, last_at, escalate_at)
SELECT ?1, ?2, ?3, ?4, named.value, 1, ?6, ?6, iif(named.key = 0, ?7, NULL)
FROM json_each(?5) AS named
WHERE true
ON CONFLICT (team_id, project_id, session_id, key, subject) DO UPDATE SET
    attempts = reactions.attempts + 1, last_at = excluded.last_at
