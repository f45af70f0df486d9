-- Takes number ?3, if it is still the next one.
INSERT INTO session_counters (team_id, project_id, next)
VALUES (?1, ?2, ?3 + 1)
ON CONFLICT (team_id, project_id) DO UPDATE SET next = excluded.next WHERE session_counters.next = ?3
