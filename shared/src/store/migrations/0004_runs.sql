-- Runs, the control signals of their agents, guidance with deadlines.

-- Wider words for what a post is and how guidance stands. A column's own check cannot be altered, so the column is.
ALTER TABLE threads ADD COLUMN guidance TEXT
    CHECK (guidance IS NULL OR guidance IN ('pending', 'answered', 'auto_answered', 'no_answer', 'superseded'));
UPDATE threads SET guidance = guidance_status;
ALTER TABLE threads DROP COLUMN guidance_status;
ALTER TABLE threads RENAME COLUMN guidance TO guidance_status;

ALTER TABLE posts ADD COLUMN sort TEXT NOT NULL DEFAULT 'message'
    CHECK (sort IN ('message', 'guidance_request', 'guidance_answer', 'completion', 'validation'));
UPDATE posts SET sort = kind;
ALTER TABLE posts DROP COLUMN kind;
ALTER TABLE posts RENAME COLUMN sort TO kind;

-- The present question of a thread: its post, and when it was asked. A question thread asks with its first post.
ALTER TABLE threads ADD COLUMN request_id TEXT;
ALTER TABLE threads ADD COLUMN asked_at INTEGER;
UPDATE threads
SET asked_at = opened_at,
    request_id = (
        SELECT post_id
        FROM posts
        WHERE posts.team_id = threads.team_id
            AND posts.project_id = threads.project_id
            AND posts.thread_id = threads.thread_id
        ORDER BY id
        LIMIT 1
    )
WHERE kind = 'question';
-- Since when a thread asks for attention, while it does.
ALTER TABLE threads ADD COLUMN escalated_at INTEGER;

-- What the sweep looks for: deadlines that act, and threads that wait and have not asked for attention yet.
CREATE INDEX threads_with_deadline ON threads (deadline) WHERE guidance_status = 'pending' AND deadline IS NOT NULL;
CREATE INDEX threads_waiting ON threads (updated_at)
    WHERE kind = 'question' AND state IN ('new', 'waiting_human') AND escalated_at IS NULL;
CREATE INDEX threads_urgent ON threads (thread_id)
    WHERE kind = 'question'
        AND state IN ('new', 'waiting_human')
        AND escalated_at IS NULL
        AND priority IN ('high', 'urgent');

CREATE TABLE runs (
    team_id         TEXT    NOT NULL,
    project_id      TEXT    NOT NULL,
    run_id          TEXT    NOT NULL,
    title           TEXT    NOT NULL,
    tickets         TEXT    NOT NULL CHECK (json_valid(tickets)),
    mode            TEXT    NOT NULL CHECK (mode IN ('standard', 'bootstrap')),
    state           TEXT    NOT NULL CHECK (
        state IN (
            'created', 'planning', 'running', 'awaiting_guidance', 'paused', 'failed', 'stopping', 'stopped',
            'completed', 'closing', 'closed'
        )
    ),
    brief           TEXT CHECK (brief IS NULL OR json_valid(brief)),
    started_by      TEXT    NOT NULL,
    started_by_type TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    updated_at      INTEGER NOT NULL,
    version         INTEGER NOT NULL,
    PRIMARY KEY (team_id, project_id, run_id),
    FOREIGN KEY (team_id, project_id) REFERENCES projects (team_id, project_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE run_agents (
    team_id    TEXT    NOT NULL,
    project_id TEXT    NOT NULL,
    run_id     TEXT    NOT NULL,
    agent_name TEXT    NOT NULL,
    joined_at  INTEGER NOT NULL,
    PRIMARY KEY (team_id, project_id, run_id, agent_name),
    FOREIGN KEY (team_id, project_id, run_id) REFERENCES runs (team_id, project_id, run_id)
) STRICT, WITHOUT ROWID;

-- What the signals of a (run, agent) come to. Gates decide on this.
CREATE TABLE control_threads (
    team_id           TEXT    NOT NULL,
    project_id        TEXT    NOT NULL,
    run_id            TEXT    NOT NULL,
    agent_name        TEXT    NOT NULL,
    thread_id         TEXT    NOT NULL,
    request_id        TEXT,
    status            TEXT CHECK (status IS NULL OR status IN ('pending', 'answered', 'auto_answered', 'no_answer')),
    question          TEXT,
    options           TEXT    NOT NULL DEFAULT '[]' CHECK (json_valid(options)),
    "default"         TEXT,
    deadline          INTEGER,
    asked_at          INTEGER,
    asked_pos         INTEGER,
    completion_pos    INTEGER,
    validation_status TEXT CHECK (validation_status IS NULL OR validation_status IN ('passed', 'failed')),
    validation_pos    INTEGER,
    done_criteria     TEXT,
    version           INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (team_id, project_id, run_id, agent_name),
    UNIQUE (team_id, project_id, thread_id),
    FOREIGN KEY (team_id, project_id, run_id) REFERENCES runs (team_id, project_id, run_id),
    FOREIGN KEY (team_id, project_id, thread_id) REFERENCES threads (team_id, project_id, thread_id),
    CHECK ((request_id IS NULL) = (status IS NULL))
) STRICT, WITHOUT ROWID;
CREATE INDEX control_threads_pending ON control_threads (asked_at) WHERE status IN ('pending', 'no_answer');

-- Every guidance request that was ever made, so that a late answer meets the one it was given to.
CREATE TABLE guidance_requests (
    team_id    TEXT    NOT NULL,
    project_id TEXT    NOT NULL,
    thread_id  TEXT    NOT NULL,
    request_id TEXT    NOT NULL,
    -- The agent's own name of it.
    client_key TEXT,
    status     TEXT    NOT NULL
        CHECK (status IN ('pending', 'answered', 'auto_answered', 'no_answer', 'superseded')),
    answer     TEXT CHECK (answer IS NULL OR json_valid(answer)),
    PRIMARY KEY (team_id, project_id, thread_id, request_id),
    FOREIGN KEY (team_id, project_id, thread_id) REFERENCES threads (team_id, project_id, thread_id)
) STRICT, WITHOUT ROWID;
CREATE UNIQUE INDEX guidance_requests_by_client_key
    ON guidance_requests (team_id, project_id, thread_id, client_key)
    WHERE client_key IS NOT NULL;

-- What the operator's intervals saw and did.
CREATE TABLE operator_states (
    team_id         TEXT    NOT NULL,
    project_id      TEXT    NOT NULL,
    run_id          TEXT    NOT NULL,
    confirmations   INTEGER NOT NULL,
    restarts        INTEGER NOT NULL,
    last_restart_at INTEGER,
    updated_at      INTEGER NOT NULL,
    PRIMARY KEY (team_id, project_id, run_id),
    FOREIGN KEY (team_id, project_id, run_id) REFERENCES runs (team_id, project_id, run_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE view_run_snapshots (
    generation      INTEGER NOT NULL,
    team_id         TEXT    NOT NULL,
    project_id      TEXT    NOT NULL,
    run_id          TEXT    NOT NULL,
    title           TEXT    NOT NULL,
    tickets         TEXT    NOT NULL,
    mode            TEXT    NOT NULL,
    state           TEXT    NOT NULL,
    -- Why it is in this state, and since when.
    reason          TEXT,
    state_since     INTEGER NOT NULL,
    brief           TEXT,
    agents          TEXT    NOT NULL,
    started_by      TEXT    NOT NULL,
    started_by_type TEXT    NOT NULL,
    created_at      INTEGER NOT NULL,
    -- The newest event of anything in the run.
    updated_at      INTEGER NOT NULL,
    last_event_pos  INTEGER NOT NULL,
    -- Position of its first event: lists are ordered by it.
    started_pos     INTEGER NOT NULL,
    PRIMARY KEY (generation, team_id, project_id, run_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX run_snapshots_newest ON view_run_snapshots (generation, team_id, project_id, started_pos DESC);
CREATE INDEX run_snapshots_by_state ON view_run_snapshots (generation, team_id, project_id, state, started_pos DESC);

-- When each agent of a run was last heard of.
CREATE TABLE view_run_snapshots_agents (
    generation       INTEGER NOT NULL,
    team_id          TEXT    NOT NULL,
    project_id       TEXT    NOT NULL,
    run_id           TEXT    NOT NULL,
    agent_name       TEXT    NOT NULL,
    last_activity_at INTEGER NOT NULL,
    PRIMARY KEY (generation, team_id, project_id, run_id, agent_name)
) STRICT, WITHOUT ROWID;

-- The threads of a run that are not closed: a snapshot counts them.
CREATE INDEX thread_views_of_run ON view_thread_views (generation, team_id, project_id, run_id)
    WHERE run_id IS NOT NULL AND state <> 'closed';

-- A reaction is a reader of the log like a projection, with commands where that has rows.
INSERT INTO projection_checkpoints (projection, generation, pos, state, updated_at)
VALUES
    ('run-snapshots', 1, 0, 'live', 0),
    ('react-run-gates', 1, (SELECT coalesce(max(pos), 0) FROM events), 'live', 0);
