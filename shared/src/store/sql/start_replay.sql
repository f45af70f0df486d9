-- A new generation behind every one there ever was; nothing while another one is being built. Odd and even take turns with
-- the live one, since a search index has two places, one for the odd generation and one for the even.
INSERT INTO projection_checkpoints (projection, generation, pos, state, updated_at, verify, started_at, started_pos)
SELECT
    live.projection,
    newest.generation + 1 + ((newest.generation + 1 - live.generation) % 2 = 0),
    0,
    'building',
    c.now,
    ?2,
    c.now,
    0
FROM projection_checkpoints AS live
CROSS JOIN (SELECT max(generation) AS generation FROM projection_checkpoints WHERE projection = ?1) AS newest
CROSS JOIN commit_context AS c
WHERE live.projection = ?1
    AND live.state = 'live'
    AND NOT EXISTS (SELECT 1 FROM projection_checkpoints WHERE projection = ?1 AND state = 'building')
