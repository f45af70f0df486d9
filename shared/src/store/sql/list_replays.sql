SELECT projection, generation, pos, state, stopped, verify, verified, error, started_at, started_pos, updated_at
FROM projection_checkpoints
WHERE state <> 'live'
ORDER BY projection, generation
