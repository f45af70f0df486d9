-- Takes a lease that is free or has run out. The commit's time never goes back, so no lease runs out early.
INSERT INTO leases (name, holder, fence, locked_until)
SELECT ?1, ?2, 1, c.now + ?3
FROM commit_context AS c
WHERE true
ON CONFLICT (name) DO UPDATE SET
    holder = excluded.holder,
    fence = leases.fence + 1,
    locked_until = excluded.locked_until
WHERE leases.locked_until <= (SELECT now FROM commit_context)
RETURNING fence
