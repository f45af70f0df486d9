-- The rest of the forum: what each viewer has seen, queues, counts, search.

CREATE TABLE read_marks (
    team_id       TEXT    NOT NULL,
    project_id    TEXT    NOT NULL,
    thread_id     TEXT    NOT NULL,
    viewer_type   TEXT    NOT NULL CHECK (viewer_type IN ('human', 'agent')),
    viewer_id     TEXT    NOT NULL,
    last_seen_pos INTEGER NOT NULL,
    updated_at    INTEGER NOT NULL,
    PRIMARY KEY (team_id, project_id, thread_id, viewer_type, viewer_id),
    FOREIGN KEY (team_id, project_id, thread_id) REFERENCES threads (team_id, project_id, thread_id)
) STRICT, WITHOUT ROWID;

-- The queue of the unanswered, in the list's order.
CREATE INDEX thread_views_unanswered
    ON view_thread_views (generation, team_id, project_id, priority_rank DESC, last_event_pos DESC)
    WHERE last_voice = 'agent' AND state IN ('new', 'waiting_human', 'waiting_operator');

CREATE TABLE view_thread_stats (
    generation INTEGER NOT NULL,
    team_id    TEXT    NOT NULL,
    project_id TEXT    NOT NULL,
    ticket     TEXT    NOT NULL,
    -- Empty for threads outside of runs.
    run_id     TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    priority   TEXT    NOT NULL,
    count      INTEGER NOT NULL,
    PRIMARY KEY (generation, team_id, project_id, ticket, run_id, state, priority)
) STRICT, WITHOUT ROWID;

-- Where each thread is counted.
CREATE TABLE view_thread_stats_threads (
    generation INTEGER NOT NULL,
    team_id    TEXT    NOT NULL,
    project_id TEXT    NOT NULL,
    thread_id  TEXT    NOT NULL,
    ticket     TEXT    NOT NULL,
    run_id     TEXT    NOT NULL,
    state      TEXT    NOT NULL,
    priority   TEXT    NOT NULL,
    PRIMARY KEY (generation, team_id, project_id, thread_id)
) STRICT, WITHOUT ROWID;

-- One document per post, numbered by the position of its event, so that the newest have the highest numbers.
CREATE TABLE view_search (
    generation INTEGER NOT NULL,
    pos        INTEGER NOT NULL,
    team_id    TEXT    NOT NULL,
    project_id TEXT    NOT NULL,
    thread_id  TEXT    NOT NULL,
    post_id    TEXT    NOT NULL,
    PRIMARY KEY (generation, pos)
) STRICT, WITHOUT ROWID;

-- A thread's title stands in each of its documents: words may be spread over the title and one post.
CREATE TABLE view_search_titles (
    generation INTEGER NOT NULL,
    team_id    TEXT    NOT NULL,
    project_id TEXT    NOT NULL,
    thread_id  TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    PRIMARY KEY (generation, team_id, project_id, thread_id)
) STRICT, WITHOUT ROWID;

-- The words, without the texts, which the posts have: one index for even generations and one for odd ones. `scope` holds
-- one word that stands for team and project.
CREATE VIRTUAL TABLE view_search_text_0 USING fts5 (scope, title, body, content = '', tokenize = 'porter unicode61');
CREATE VIRTUAL TABLE view_search_text_1 USING fts5 (scope, title, body, content = '', tokenize = 'porter unicode61');

INSERT INTO projection_checkpoints (projection, generation, pos, state, updated_at)
VALUES ('thread-stats', 1, 0, 'live', 0), ('search', 1, 0, 'live', 0);
