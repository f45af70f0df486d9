-- What is paused for a project, or for anything of a team: also what is paused for all of the team.
SELECT project_id, kind, paused_by, paused_at
FROM lane_pauses
WHERE team_id = ?1 AND project_id = ''
UNION
SELECT project_id, kind, paused_by, paused_at
FROM lane_pauses
WHERE team_id = ?1 AND (?2 IS NULL OR project_id = ?2)
ORDER BY kind, project_id
