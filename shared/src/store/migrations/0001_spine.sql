-- The spine: one ordered log, the inbox of commands, the outbox by trigger, threads, their view, keys.
-- Times are whole milliseconds since the Unix epoch. Every row carries its tenant.

CREATE TABLE meta (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE teams (
    team_id    TEXT    NOT NULL PRIMARY KEY,
    created_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE TABLE projects (
    project_id  TEXT    NOT NULL PRIMARY KEY,
    team_id     TEXT    NOT NULL REFERENCES teams (team_id),
    name        TEXT    NOT NULL,
    created_at  INTEGER NOT NULL,
    archived_at INTEGER,
    UNIQUE (team_id, project_id)
) STRICT, WITHOUT ROWID;

-- A commit's guard is an insert of its condition here: anything but 1 fails the statement, and its index names the guard.
-- It works the same inside a local savepoint and inside a remote conditional batch.
CREATE VIEW guard AS SELECT 1 AS holds WHERE 0;
CREATE TRIGGER guard_fails INSTEAD OF INSERT ON guard WHEN NEW.holds IS NOT 1
BEGIN
    SELECT RAISE(ABORT, 'guard');
END;

-- The one row every commit writes first. Triggers and event inserts take from it what they cannot know.
CREATE TABLE commit_context (
    id             INTEGER NOT NULL PRIMARY KEY CHECK (id = 1),
    actor_type     TEXT    NOT NULL,
    actor_name     TEXT    NOT NULL,
    correlation_id TEXT    NOT NULL,
    causation_id   TEXT,
    traceparent    TEXT,
    now            INTEGER NOT NULL,
    id_seed        TEXT    NOT NULL,
    n              INTEGER NOT NULL DEFAULT 0
) STRICT;
INSERT INTO commit_context (id, actor_type, actor_name, correlation_id, now, id_seed)
VALUES (1, 'system', 'migrations', '', 0, '');

CREATE TABLE events (
    pos            INTEGER PRIMARY KEY,
    event_id       TEXT    NOT NULL UNIQUE,
    stream         TEXT    NOT NULL,
    version        INTEGER NOT NULL CHECK (version >= 1),
    type           TEXT    NOT NULL CHECK (type <> ''),
    schema_version INTEGER NOT NULL DEFAULT 1,
    team_id        TEXT    NOT NULL,
    project_id     TEXT    NOT NULL,
    ticket         TEXT,
    run_id         TEXT,
    thread_id      TEXT,
    session_id     TEXT,
    agent_name     TEXT,
    actor_type     TEXT    NOT NULL CHECK (actor_type IN ('agent', 'operator', 'human', 'system')),
    actor_name     TEXT    NOT NULL,
    correlation_id TEXT    NOT NULL,
    causation_id   TEXT,
    traceparent    TEXT,
    occurred_at    INTEGER NOT NULL,
    recorded_at    INTEGER NOT NULL,
    payload        TEXT    NOT NULL CHECK (json_valid(payload)),
    UNIQUE (team_id, project_id, stream, version),
    FOREIGN KEY (team_id, project_id) REFERENCES projects (team_id, project_id)
) STRICT;

CREATE TRIGGER events_refuse_update BEFORE UPDATE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;
CREATE TRIGGER events_refuse_delete BEFORE DELETE ON events
BEGIN
    SELECT RAISE(ABORT, 'events are append-only');
END;
-- INSERT OR REPLACE deletes what it collides with, past the delete trigger; so a collision is refused before it happens.
-- A position that was not left to the database (-1 here) must be the next one, or the log would have a gap.
CREATE TRIGGER events_refuse_replace BEFORE INSERT ON events
WHEN EXISTS (SELECT 1 FROM events WHERE event_id = NEW.event_id)
    OR EXISTS (
        SELECT 1 FROM events
        WHERE team_id = NEW.team_id AND project_id = NEW.project_id AND stream = NEW.stream AND version = NEW.version
    )
    OR (NEW.pos <> -1 AND NEW.pos <> (SELECT coalesce(max(pos), 0) + 1 FROM events))
BEGIN
    SELECT RAISE(ABORT, 'events are append-only and numbered without gaps');
END;

CREATE TABLE outbox (
    -- AUTOINCREMENT: sent rows are pruned, and an id must never come back.
    id              INTEGER PRIMARY KEY AUTOINCREMENT,
    message_id      TEXT    NOT NULL UNIQUE CHECK (message_id <> ''),
    team_id         TEXT    NOT NULL,
    project_id      TEXT    NOT NULL,
    topic           TEXT    NOT NULL CHECK (topic <> ''),
    key             TEXT    NOT NULL,
    -- The row the message is about: {"pos": n} in events, {"seq": n} in commands.
    payload         TEXT    NOT NULL CHECK (payload <> '' AND json_valid(payload)),
    status          TEXT    NOT NULL DEFAULT 'pending'
        CHECK (status IN ('pending', 'processing', 'sent', 'failed', 'dead')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    next_attempt_at INTEGER NOT NULL DEFAULT 0,
    locked_until    INTEGER,
    fence           INTEGER NOT NULL DEFAULT 0,
    last_error      TEXT,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    sent_at         INTEGER
) STRICT;
CREATE INDEX outbox_waiting ON outbox (id, status) WHERE status IN ('pending', 'processing', 'failed');
CREATE INDEX outbox_dead ON outbox (id) WHERE status = 'dead';

CREATE TRIGGER events_reach_the_outbox AFTER INSERT ON events
BEGIN
    INSERT INTO outbox (message_id, team_id, project_id, topic, key, payload, created_at, updated_at)
    VALUES (
        'msg_' || substr(NEW.event_id, instr(NEW.event_id, '_') + 1),
        NEW.team_id,
        NEW.project_id,
        CASE
            WHEN NEW.type GLOB 'forum.integration.*' THEN NEW.type
            WHEN NEW.type GLOB 'forum.*' THEN 'forum.events.' || substr(NEW.type, 7)
            ELSE 'forum.events.' || NEW.type
        END,
        NEW.team_id || '/' || NEW.project_id || '/' || NEW.stream,
        '{"pos":' || NEW.pos || '}',
        NEW.recorded_at,
        NEW.recorded_at
    );
END;

-- The inbox, the audit trail of commands, and the idempotency record.
CREATE TABLE commands (
    -- AUTOINCREMENT: rows are pruned, and the order within a stream must never fold back.
    seq             INTEGER PRIMARY KEY AUTOINCREMENT,
    command_id      TEXT    NOT NULL UNIQUE,
    team_id         TEXT    NOT NULL,
    project_id      TEXT    NOT NULL,
    name            TEXT    NOT NULL,
    stream          TEXT    NOT NULL,
    payload         TEXT    NOT NULL CHECK (json_valid(payload)),
    actor           TEXT    NOT NULL,
    actor_type      TEXT    NOT NULL CHECK (actor_type IN ('agent', 'operator', 'human', 'system')),
    actor_name      TEXT    NOT NULL,
    key_id          TEXT,
    idempotency_key TEXT    NOT NULL,
    request_hash    TEXT    NOT NULL,
    request_id      TEXT    NOT NULL,
    correlation_id  TEXT    NOT NULL,
    causation_id    TEXT,
    traceparent     TEXT,
    status          TEXT    NOT NULL DEFAULT 'accepted' CHECK (status IN ('accepted', 'applied', 'rejected', 'dead')),
    attempts        INTEGER NOT NULL DEFAULT 0,
    -- While it lies ahead, somebody is handling the command: another delivery counts no attempt.
    locked_until    INTEGER,
    outcome         TEXT CHECK (outcome IS NULL OR json_valid(outcome)),
    pos             INTEGER,
    dead_letter_id  TEXT,
    accepted_at     INTEGER NOT NULL,
    finished_at     INTEGER,
    UNIQUE (team_id, actor, idempotency_key),
    FOREIGN KEY (team_id, project_id) REFERENCES projects (team_id, project_id)
) STRICT;
CREATE INDEX commands_waiting ON commands (team_id, project_id, stream, seq) WHERE status = 'accepted';

CREATE TRIGGER commands_reach_the_outbox AFTER INSERT ON commands WHEN NEW.status = 'accepted'
BEGIN
    INSERT INTO outbox (message_id, team_id, project_id, topic, key, payload, created_at, updated_at)
    VALUES (
        'msg_' || substr(NEW.command_id, instr(NEW.command_id, '_') + 1),
        NEW.team_id,
        NEW.project_id,
        'forum.commands.' || NEW.name,
        NEW.team_id || '/' || NEW.project_id || '/' || NEW.stream,
        '{"seq":' || NEW.seq || '}',
        NEW.accepted_at,
        NEW.accepted_at
    );
END;

CREATE TABLE threads (
    team_id          TEXT    NOT NULL,
    project_id       TEXT    NOT NULL,
    thread_id        TEXT    NOT NULL,
    kind             TEXT    NOT NULL CHECK (kind IN ('question', 'control')),
    ticket           TEXT    NOT NULL,
    run_id           TEXT,
    session_id       TEXT,
    agent_name       TEXT,
    title            TEXT    NOT NULL,
    state            TEXT    NOT NULL
        CHECK (state IN ('new', 'triaged', 'waiting_operator', 'waiting_human', 'answered', 'closed')),
    priority         TEXT    NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    assignee         TEXT,
    opened_by        TEXT    NOT NULL,
    opened_by_type   TEXT    NOT NULL,
    options          TEXT    NOT NULL CHECK (json_valid(options)),
    default_answer   TEXT,
    deadline         INTEGER,
    on_timeout       TEXT    NOT NULL CHECK (on_timeout IN ('wait', 'default', 'park')),
    guidance_status  TEXT CHECK (guidance_status IS NULL OR guidance_status IN ('pending', 'answered')),
    answer           TEXT CHECK (answer IS NULL OR json_valid(answer)),
    opened_at        INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    closed_at        INTEGER,
    version          INTEGER NOT NULL,
    PRIMARY KEY (team_id, project_id, thread_id),
    FOREIGN KEY (team_id, project_id) REFERENCES projects (team_id, project_id),
    CHECK ((state = 'closed') = (closed_at IS NOT NULL))
) STRICT, WITHOUT ROWID;

CREATE TABLE posts (
    id          INTEGER PRIMARY KEY,
    post_id     TEXT    NOT NULL,
    team_id     TEXT    NOT NULL,
    project_id  TEXT    NOT NULL,
    thread_id   TEXT    NOT NULL,
    kind        TEXT    NOT NULL CHECK (kind IN ('message', 'guidance_answer')),
    actor_type  TEXT    NOT NULL,
    actor_name  TEXT    NOT NULL,
    body        TEXT    NOT NULL,
    option      TEXT,
    created_at  INTEGER NOT NULL,
    UNIQUE (team_id, project_id, thread_id, post_id),
    FOREIGN KEY (team_id, project_id, thread_id) REFERENCES threads (team_id, project_id, thread_id)
) STRICT;
CREATE INDEX posts_of_thread ON posts (team_id, project_id, thread_id, id);

CREATE TABLE projection_checkpoints (
    projection TEXT    NOT NULL,
    generation INTEGER NOT NULL,
    pos        INTEGER NOT NULL,
    state      TEXT    NOT NULL CHECK (state IN ('live', 'building', 'retired')),
    error      TEXT,
    updated_at INTEGER NOT NULL,
    PRIMARY KEY (projection, generation)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX one_live_generation ON projection_checkpoints (projection) WHERE state = 'live';
INSERT INTO projection_checkpoints (projection, generation, pos, state, updated_at) VALUES ('thread-views', 1, 0, 'live', 0);

CREATE TABLE view_thread_views (
    generation       INTEGER NOT NULL,
    team_id          TEXT    NOT NULL,
    project_id       TEXT    NOT NULL,
    thread_id        TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    ticket           TEXT    NOT NULL,
    run_id           TEXT,
    session_id       TEXT,
    agent_name       TEXT,
    title            TEXT    NOT NULL,
    state            TEXT    NOT NULL,
    priority         TEXT    NOT NULL,
    -- urgent 3 .. low 0, so that the list's order is an index.
    priority_rank    INTEGER NOT NULL,
    assignee         TEXT,
    opened_by        TEXT    NOT NULL,
    opened_by_type   TEXT    NOT NULL,
    posts_count      INTEGER NOT NULL,
    last_post_at     INTEGER NOT NULL,
    last_post_by     TEXT    NOT NULL,
    last_event_pos   INTEGER NOT NULL,
    last_actor_type  TEXT    NOT NULL,
    -- The last actor that was not the system; decides whether the thread is unanswered.
    last_voice       TEXT,
    options          TEXT    NOT NULL,
    default_answer   TEXT,
    deadline         INTEGER,
    guidance_status  TEXT,
    answer           TEXT,
    opened_at        INTEGER NOT NULL,
    updated_at       INTEGER NOT NULL,
    closed_at        INTEGER,
    PRIMARY KEY (generation, team_id, project_id, thread_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX thread_views_in_order
    ON view_thread_views (generation, team_id, project_id, priority_rank DESC, last_event_pos DESC);
CREATE INDEX thread_views_by_ticket
    ON view_thread_views (generation, team_id, project_id, ticket, priority_rank DESC, last_event_pos DESC);

CREATE TABLE dead_letters (
    id              TEXT    NOT NULL PRIMARY KEY,
    team_id         TEXT    NOT NULL,
    project_id      TEXT    NOT NULL,
    source          TEXT    NOT NULL CHECK (source IN ('outbox', 'command', 'delivery', 'projection')),
    function        TEXT    NOT NULL,
    topic           TEXT    NOT NULL,
    message_id      TEXT    NOT NULL,
    key             TEXT    NOT NULL,
    payload         TEXT    NOT NULL,
    error_class     TEXT    NOT NULL,
    error           TEXT    NOT NULL,
    attempts        INTEGER NOT NULL,
    first_failed_at INTEGER NOT NULL,
    died_at         INTEGER NOT NULL,
    status          TEXT    NOT NULL DEFAULT 'dead' CHECK (status IN ('dead', 'redriven', 'dropped')),
    UNIQUE (source, function, message_id, died_at)
) STRICT, WITHOUT ROWID;
CREATE INDEX dead_letters_newest ON dead_letters (team_id, project_id, status, died_at DESC);

CREATE TABLE api_keys (
    key_id      TEXT    NOT NULL PRIMARY KEY,
    team_id     TEXT    NOT NULL REFERENCES teams (team_id),
    project_id  TEXT,
    name        TEXT    NOT NULL,
    -- SHA-256 of the whole secret, lower-case hex.
    secret_hash TEXT    NOT NULL UNIQUE,
    -- JSON list of scope words.
    scopes      TEXT    NOT NULL CHECK (json_valid(scopes)),
    actor_type  TEXT CHECK (actor_type IS NULL OR actor_type IN ('agent', 'operator', 'human', 'system')),
    actor_name  TEXT,
    -- 'api' keys are made by people; a 'login' key lives in a browser's cookie, the 'owner' key in a file.
    purpose     TEXT    NOT NULL CHECK (purpose IN ('api', 'login', 'owner')),
    created_at  INTEGER NOT NULL,
    expires_at  INTEGER,
    revoked_at  INTEGER,
    FOREIGN KEY (team_id, project_id) REFERENCES projects (team_id, project_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX api_keys_of_team ON api_keys (team_id, project_id, created_at);

CREATE TABLE login_tokens (
    token_hash TEXT    NOT NULL PRIMARY KEY,
    team_id    TEXT    NOT NULL REFERENCES teams (team_id),
    expires_at INTEGER NOT NULL,
    used_at    INTEGER
) STRICT, WITHOUT ROWID;

-- Direct writes, refusals and automatic actions; commands are their own trail.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY,
    team_id    TEXT    NOT NULL,
    project_id TEXT,
    at         INTEGER NOT NULL,
    actor_type TEXT    NOT NULL,
    actor_name TEXT    NOT NULL,
    key_id     TEXT,
    action     TEXT    NOT NULL,
    subject    TEXT    NOT NULL,
    request_id TEXT    NOT NULL,
    outcome    TEXT    NOT NULL
) STRICT;
