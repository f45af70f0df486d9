-- Operations: a read model is built again beside the live one, dead letters find their owners again.

-- Of a generation that is being built. The row's `pos` says how far it is, `error` why it does not go on.
ALTER TABLE projection_checkpoints ADD COLUMN stopped INTEGER NOT NULL DEFAULT 0 CHECK (stopped IN (0, 1));
-- Compare it with the live generation before it takes over.
ALTER TABLE projection_checkpoints ADD COLUMN verify INTEGER NOT NULL DEFAULT 0 CHECK (verify IN (0, 1));
-- How far the comparison is: JSON of the table's number and the key of its last row.
ALTER TABLE projection_checkpoints ADD COLUMN verified TEXT CHECK (verified IS NULL OR json_valid(verified));
-- When and where building was begun or taken up again, for rate and remaining time.
ALTER TABLE projection_checkpoints ADD COLUMN started_at INTEGER;
ALTER TABLE projection_checkpoints ADD COLUMN started_pos INTEGER;
CREATE UNIQUE INDEX one_building_generation ON projection_checkpoints (projection) WHERE state = 'building';

-- What comes behind a row of the same key that waits for another try, waits too. Empty on a good day.
CREATE INDEX outbox_failed ON outbox (key, id) WHERE status = 'failed';

-- Finds the applied commands that are pruned. The others cost nothing.
CREATE INDEX commands_eventless ON commands (finished_at) WHERE status = 'applied' AND pos IS NULL;

-- What was decided about a dead letter, by whom and why.
ALTER TABLE dead_letters ADD COLUMN decided_at INTEGER;
ALTER TABLE dead_letters ADD COLUMN decided_by TEXT;
ALTER TABLE dead_letters ADD COLUMN reason TEXT;
ALTER TABLE audit ADD COLUMN reason TEXT;
