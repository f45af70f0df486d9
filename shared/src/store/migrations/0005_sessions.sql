-- Sessions, their pull requests, and what is said about them. Their events are written here, by triggers: a fact cannot be
-- stored without its event, and an event not without its fact.

-- A nudge is a post too. A column's own check cannot be altered, so the column is.
ALTER TABLE posts ADD COLUMN sort TEXT NOT NULL DEFAULT 'message'
    CHECK (sort IN ('message', 'nudge', 'guidance_request', 'guidance_answer', 'completion', 'validation'));
UPDATE posts SET sort = kind;
ALTER TABLE posts DROP COLUMN kind;
ALTER TABLE posts RENAME COLUMN sort TO kind;

CREATE INDEX threads_of_session ON threads (team_id, project_id, session_id) WHERE session_id IS NOT NULL;

-- What a trigger notes becomes an event by the actor, at the time and with the correlation of the commit. The first event
-- that a request causes has the request's correlation id for its own; the ids of others follow from the commit's seed.
-- Where a session stands in the fleet is looked up.
CREATE VIEW noted AS
SELECT '' AS type, '' AS stream, '' AS team_id, '' AS project_id, '' AS ticket, '' AS run_id, '' AS session_id,
    '' AS agent_name, '' AS payload
WHERE 0;
CREATE TRIGGER noted_is_an_event INSTEAD OF INSERT ON noted
BEGIN
    INSERT INTO events (
        event_id, stream, version, type, team_id, project_id, ticket, run_id, session_id, agent_name, actor_type,
        actor_name, correlation_id, causation_id, traceparent, occurred_at, recorded_at, payload
    )
    VALUES (
        (
            SELECT
                CASE
                    WHEN c.correlation_id GLOB 'ev_*'
                        AND NOT EXISTS (SELECT 1 FROM events AS first WHERE first.event_id = c.correlation_id)
                    THEN c.correlation_id
                    ELSE 'ev_' || substr(c.id_seed, 1, 32) || printf('%04x', c.n)
                END
            FROM commit_context AS c
        ),
        NEW.stream,
        (
            SELECT coalesce(max(e.version), 0) + 1
            FROM events AS e
            WHERE e.team_id = NEW.team_id AND e.project_id = NEW.project_id AND e.stream = NEW.stream
        ),
        NEW.type, NEW.team_id, NEW.project_id,
        coalesce(
            NEW.ticket,
            (
                SELECT ticket
                FROM sessions
                WHERE team_id = NEW.team_id AND project_id = NEW.project_id AND session_id = NEW.session_id
            )
        ),
        coalesce(
            NEW.run_id,
            (
                SELECT run_id
                FROM sessions
                WHERE team_id = NEW.team_id AND project_id = NEW.project_id AND session_id = NEW.session_id
            )
        ),
        NEW.session_id,
        coalesce(
            NEW.agent_name,
            (
                SELECT agent_name
                FROM sessions
                WHERE team_id = NEW.team_id AND project_id = NEW.project_id AND session_id = NEW.session_id
            )
        ),
        (SELECT actor_type FROM commit_context),
        (SELECT actor_name FROM commit_context),
        (
            SELECT
                CASE
                    WHEN c.correlation_id <> '' THEN c.correlation_id
                    ELSE 'ev_' || substr(c.id_seed, 1, 32) || '0000'
                END
            FROM commit_context AS c
        ),
        (SELECT causation_id FROM commit_context),
        (SELECT traceparent FROM commit_context),
        (SELECT now FROM commit_context),
        (SELECT now FROM commit_context),
        NEW.payload
    );
    UPDATE commit_context SET n = n + 1;
END;

-- The number of the next session of a project. Numbers are never used again.
CREATE TABLE session_counters (
    team_id    TEXT    NOT NULL,
    project_id TEXT    NOT NULL,
    next       INTEGER NOT NULL,
    PRIMARY KEY (team_id, project_id),
    FOREIGN KEY (team_id, project_id) REFERENCES projects (team_id, project_id)
) STRICT, WITHOUT ROWID;

CREATE TABLE sessions (
    -- The order in which sessions were started.
    id                  INTEGER PRIMARY KEY,
    team_id             TEXT    NOT NULL,
    project_id          TEXT    NOT NULL,
    session_id          TEXT    NOT NULL,
    ticket              TEXT,
    run_id              TEXT,
    agent_name          TEXT,
    kind                TEXT    NOT NULL CHECK (kind IN ('worker', 'orchestrator')),
    harness             TEXT,
    external_session_id TEXT,
    prompt              TEXT,
    repository          TEXT,
    -- owner/name in lower case: what webhooks are matched by.
    repository_key      TEXT,
    branch              TEXT,
    workspace_path      TEXT,
    workspace_dirty     INTEGER CHECK (workspace_dirty IN (0, 1)),
    runtime_name        TEXT,
    runtime_handle_id   TEXT,
    agent_session_id    TEXT,
    launch_id           TEXT,
    started_by          TEXT    NOT NULL,
    started_by_type     TEXT    NOT NULL,
    state               TEXT    NOT NULL CHECK (
        state IN ('not_started', 'working', 'idle', 'needs_input', 'stuck', 'detecting', 'done', 'terminated')
    ),
    state_since         INTEGER NOT NULL,
    termination_reason  TEXT CHECK (
        termination_reason IN (
            'manually_killed', 'runtime_lost', 'agent_process_exited', 'probe_failure', 'error_in_process',
            'auto_cleanup', 'pr_merged'
        )
    ),
    end_reason          TEXT,
    is_alive            INTEGER NOT NULL CHECK (is_alive IN (0, 1)),
    activity            TEXT CHECK (activity IN ('active', 'ready', 'idle', 'waiting_input', 'blocked', 'exited')),
    activity_at         INTEGER,
    activity_source     TEXT,
    activity_command    TEXT,
    progress_at         INTEGER NOT NULL,
    detecting_attempts  INTEGER,
    detecting_since     INTEGER,
    detecting_evidence  TEXT,
    probe_runtime       TEXT CHECK (probe_runtime IN ('alive', 'dead', 'failed', 'unknown')),
    probe_process       TEXT CHECK (probe_process IN ('alive', 'dead', 'failed', 'unknown')),
    probe_at            INTEGER,
    launched_at         INTEGER NOT NULL,
    -- Up to which position of the log its agent has read.
    inbox_pos           INTEGER NOT NULL DEFAULT 0,
    created_at          INTEGER NOT NULL,
    updated_at          INTEGER NOT NULL,
    version             INTEGER NOT NULL,
    UNIQUE (team_id, project_id, session_id),
    FOREIGN KEY (team_id, project_id) REFERENCES projects (team_id, project_id),
    FOREIGN KEY (team_id, project_id, run_id) REFERENCES runs (team_id, project_id, run_id),
    CHECK ((state = 'terminated') = (termination_reason IS NOT NULL)),
    CHECK ((state = 'detecting') = (detecting_since IS NOT NULL)),
    CHECK ((detecting_since IS NULL) = (detecting_attempts IS NULL)),
    CHECK ((detecting_since IS NULL) = (detecting_evidence IS NULL)),
    CHECK (state NOT IN ('done', 'terminated') OR is_alive = 0)
) STRICT;
CREATE INDEX sessions_newest ON sessions (team_id, project_id, id DESC);
CREATE UNIQUE INDEX sessions_by_external_id ON sessions (team_id, project_id, external_session_id)
    WHERE external_session_id IS NOT NULL;
CREATE INDEX sessions_of_run ON sessions (team_id, project_id, run_id, id DESC) WHERE run_id IS NOT NULL;
CREATE INDEX sessions_by_branch ON sessions (team_id, project_id, repository_key, branch, id DESC)
    WHERE repository_key IS NOT NULL AND branch IS NOT NULL;
CREATE INDEX sessions_with_handle ON sessions (id)
    WHERE runtime_handle_id IS NOT NULL AND state NOT IN ('done', 'terminated');
CREATE INDEX sessions_in_doubt ON sessions (detecting_since) WHERE state = 'detecting';

CREATE TRIGGER sessions_refuse_delete BEFORE DELETE ON sessions
BEGIN
    SELECT RAISE(ABORT, 'sessions are never deleted');
END;

CREATE TRIGGER session_is_created AFTER INSERT ON sessions
BEGIN
    INSERT INTO noted (type, stream, team_id, project_id, session_id, payload)
    VALUES (
        'session_created', 'session/' || NEW.session_id, NEW.team_id, NEW.project_id,
        NEW.session_id,
        json_object(
            'state', NEW.state,
            'termination_reason', NEW.termination_reason,
            'is_alive', json(iif(NEW.is_alive, 'true', 'false')),
            'activity', NEW.activity,
            'run_id', NEW.run_id,
            'agent_name', NEW.agent_name
        )
    );
END;
CREATE TRIGGER session_is_updated AFTER UPDATE ON sessions
WHEN (NEW.state, NEW.termination_reason, NEW.is_alive, NEW.activity)
    IS NOT (OLD.state, OLD.termination_reason, OLD.is_alive, OLD.activity)
BEGIN
    INSERT INTO noted (type, stream, team_id, project_id, session_id, payload)
    VALUES (
        'session_updated', 'session/' || NEW.session_id, NEW.team_id, NEW.project_id,
        NEW.session_id,
        json_object(
            'state', NEW.state,
            'termination_reason', NEW.termination_reason,
            'is_alive', json(iif(NEW.is_alive, 'true', 'false')),
            'activity', NEW.activity,
            'run_id', NEW.run_id,
            'agent_name', NEW.agent_name
        )
    );
END;

CREATE TABLE pull_requests (
    id                 INTEGER PRIMARY KEY,
    team_id            TEXT    NOT NULL,
    project_id         TEXT    NOT NULL,
    url                TEXT    NOT NULL,
    session_id         TEXT    NOT NULL,
    title              TEXT,
    branch             TEXT,
    base_branch        TEXT,
    head_sha           TEXT,
    author             TEXT,
    additions          INTEGER,
    deletions          INTEGER,
    state              TEXT    NOT NULL CHECK (state IN ('draft', 'open', 'merged', 'closed')),
    state_since        INTEGER NOT NULL,
    review             TEXT    NOT NULL
        CHECK (review IN ('none', 'approved', 'changes_requested', 'review_required')),
    review_since       INTEGER NOT NULL,
    -- What each reviewer said last, where that is known.
    reviews            TEXT    NOT NULL CHECK (json_valid(reviews)),
    ci                 TEXT    NOT NULL CHECK (ci IN ('unknown', 'pending', 'passing', 'failing')),
    ci_since           INTEGER NOT NULL,
    mergeability       TEXT    NOT NULL
        CHECK (mergeability IN ('unknown', 'mergeable', 'conflicting', 'blocked', 'unstable')),
    mergeability_since INTEGER NOT NULL,
    blockers           TEXT    NOT NULL CHECK (json_valid(blockers)),
    -- Kept by the triggers of pr_comments: unresolved ones, and what changed since it was last told.
    unresolved         INTEGER NOT NULL DEFAULT 0,
    unresolved_since   INTEGER NOT NULL DEFAULT 0,
    comments_added     INTEGER NOT NULL DEFAULT 0,
    comments_removed   INTEGER NOT NULL DEFAULT 0,
    comments_edited    INTEGER NOT NULL DEFAULT 0,
    comments_told      INTEGER NOT NULL DEFAULT 0,
    observed_at        INTEGER NOT NULL,
    created_at         INTEGER NOT NULL,
    updated_at         INTEGER NOT NULL,
    version            INTEGER NOT NULL,
    UNIQUE (team_id, project_id, url),
    FOREIGN KEY (team_id, project_id, session_id) REFERENCES sessions (team_id, project_id, session_id)
) STRICT;
CREATE INDEX pull_requests_newest ON pull_requests (team_id, project_id, id DESC);
CREATE INDEX pull_requests_of_session ON pull_requests (team_id, project_id, session_id, id);
CREATE INDEX pull_requests_by_head ON pull_requests (team_id, project_id, head_sha) WHERE head_sha IS NOT NULL;

CREATE TRIGGER pr_is_created AFTER INSERT ON pull_requests
BEGIN
    INSERT INTO noted (type, stream, team_id, project_id, session_id, payload)
    VALUES (
        'pr_created', 'pull_request/' || NEW.url, NEW.team_id, NEW.project_id,
        NEW.session_id,
        json_object(
            'url', NEW.url, 'session_id', NEW.session_id, 'state', NEW.state, 'ci', NEW.ci, 'review', NEW.review,
            'mergeability', NEW.mergeability, 'head_sha', NEW.head_sha
        )
    );
END;
CREATE TRIGGER pr_is_updated AFTER UPDATE ON pull_requests
WHEN (NEW.state, NEW.ci, NEW.review, NEW.mergeability) IS NOT (OLD.state, OLD.ci, OLD.review, OLD.mergeability)
BEGIN
    INSERT INTO noted (type, stream, team_id, project_id, session_id, payload)
    VALUES (
        'pr_updated', 'pull_request/' || NEW.url, NEW.team_id, NEW.project_id,
        NEW.session_id,
        json_object(
            'url', NEW.url, 'session_id', NEW.session_id, 'state', NEW.state, 'ci', NEW.ci, 'review', NEW.review,
            'mergeability', NEW.mergeability, 'head_sha', NEW.head_sha
        )
    );
END;
CREATE TRIGGER pr_changes_session AFTER UPDATE OF session_id ON pull_requests
WHEN NEW.session_id <> OLD.session_id
BEGIN
    INSERT INTO noted (type, stream, team_id, project_id, session_id, payload)
    VALUES (
        'pr_session_changed', 'pull_request/' || NEW.url, NEW.team_id, NEW.project_id,
        NEW.session_id,
        json_object('url', NEW.url, 'from', OLD.session_id, 'to', NEW.session_id)
    );
END;

-- One row per check and commit: the history from which it is told how often a check has failed in a row.
CREATE TABLE pr_checks (
    id          INTEGER PRIMARY KEY,
    team_id     TEXT    NOT NULL,
    project_id  TEXT    NOT NULL,
    url         TEXT    NOT NULL,
    name        TEXT    NOT NULL,
    "commit"    TEXT    NOT NULL,
    status      TEXT    NOT NULL CHECK (
        status IN ('unknown', 'queued', 'in_progress', 'passed', 'failed', 'skipped', 'cancelled')
    ),
    check_url   TEXT,
    log_tail    TEXT,
    observed_at INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (team_id, project_id, url, name, "commit"),
    FOREIGN KEY (team_id, project_id, url) REFERENCES pull_requests (team_id, project_id, url)
) STRICT;
CREATE INDEX pr_checks_of_pr ON pr_checks (team_id, project_id, url, id DESC);
CREATE INDEX pr_checks_by_commit ON pr_checks (team_id, project_id, url, "commit");

CREATE TRIGGER pr_check_is_new AFTER INSERT ON pr_checks
BEGIN
    INSERT INTO noted (type, stream, team_id, project_id, session_id, payload)
    VALUES (
        'pr_check_recorded', 'pull_request/' || NEW.url, NEW.team_id, NEW.project_id,
        (
            SELECT session_id
            FROM pull_requests
            WHERE team_id = NEW.team_id AND project_id = NEW.project_id AND url = NEW.url
        ),
        json_object('url', NEW.url, 'name', NEW.name, 'commit', NEW."commit", 'status', NEW.status)
    );
END;
CREATE TRIGGER pr_check_changes AFTER UPDATE OF status ON pr_checks
WHEN NEW.status <> OLD.status
BEGIN
    INSERT INTO noted (type, stream, team_id, project_id, session_id, payload)
    VALUES (
        'pr_check_recorded', 'pull_request/' || NEW.url, NEW.team_id, NEW.project_id,
        (
            SELECT session_id
            FROM pull_requests
            WHERE team_id = NEW.team_id AND project_id = NEW.project_id AND url = NEW.url
        ),
        json_object('url', NEW.url, 'name', NEW.name, 'commit', NEW."commit", 'status', NEW.status)
    );
END;

CREATE TABLE pr_comments (
    id          INTEGER PRIMARY KEY,
    team_id     TEXT    NOT NULL,
    project_id  TEXT    NOT NULL,
    url         TEXT    NOT NULL,
    comment_id  TEXT    NOT NULL,
    author      TEXT    NOT NULL,
    is_bot      INTEGER NOT NULL CHECK (is_bot IN (0, 1)),
    body        TEXT    NOT NULL,
    path        TEXT,
    line        INTEGER,
    resolved    INTEGER NOT NULL CHECK (resolved IN (0, 1)),
    observed_at INTEGER NOT NULL,
    created_at  INTEGER NOT NULL,
    updated_at  INTEGER NOT NULL,
    UNIQUE (team_id, project_id, url, comment_id),
    FOREIGN KEY (team_id, project_id, url) REFERENCES pull_requests (team_id, project_id, url)
) STRICT;

-- Changes of comments add up, and are told as one event when the observation that made them has come to its end.
CREATE TRIGGER pr_comment_is_added AFTER INSERT ON pr_comments
BEGIN
    UPDATE pull_requests
    SET comments_added = comments_added + 1,
        unresolved = unresolved + (NEW.resolved = 0),
        unresolved_since = iif(NEW.resolved = 0, (SELECT now FROM commit_context), unresolved_since)
    WHERE team_id = NEW.team_id AND project_id = NEW.project_id AND url = NEW.url;
END;
CREATE TRIGGER pr_comment_is_removed AFTER DELETE ON pr_comments
BEGIN
    UPDATE pull_requests
    SET comments_removed = comments_removed + 1,
        unresolved = unresolved - (OLD.resolved = 0),
        unresolved_since = iif(OLD.resolved = 0, (SELECT now FROM commit_context), unresolved_since)
    WHERE team_id = OLD.team_id AND project_id = OLD.project_id AND url = OLD.url;
END;
CREATE TRIGGER pr_comment_is_edited AFTER UPDATE ON pr_comments
WHEN (NEW.author, NEW.is_bot, NEW.body, NEW.path, NEW.line, NEW.resolved)
    IS NOT (OLD.author, OLD.is_bot, OLD.body, OLD.path, OLD.line, OLD.resolved)
BEGIN
    UPDATE pull_requests
    SET comments_edited = comments_edited + 1,
        unresolved = unresolved + (NEW.resolved = 0) - (OLD.resolved = 0),
        unresolved_since = iif(NEW.resolved <> OLD.resolved, (SELECT now FROM commit_context), unresolved_since)
    WHERE team_id = NEW.team_id AND project_id = NEW.project_id AND url = NEW.url;
END;
CREATE TRIGGER pr_comments_are_told AFTER UPDATE OF comments_told ON pull_requests
WHEN NEW.comments_told <> OLD.comments_told AND NEW.comments_added + NEW.comments_removed + NEW.comments_edited > 0
BEGIN
    INSERT INTO noted (type, stream, team_id, project_id, session_id, payload)
    VALUES (
        'pr_comments_changed', 'pull_request/' || NEW.url, NEW.team_id, NEW.project_id,
        NEW.session_id,
        json_object(
            'url', NEW.url, 'added', NEW.comments_added, 'removed', NEW.comments_removed,
            'edited', NEW.comments_edited, 'unresolved', NEW.unresolved
        )
    );
    UPDATE pull_requests
    SET comments_added = 0, comments_removed = 0, comments_edited = 0
    WHERE team_id = NEW.team_id AND project_id = NEW.project_id AND url = NEW.url;
END;

-- What an agent was told, how often, and when a person is to be told if it lasts.
CREATE TABLE reactions (
    team_id     TEXT    NOT NULL,
    project_id  TEXT    NOT NULL,
    session_id  TEXT    NOT NULL,
    key         TEXT    NOT NULL,
    subject     TEXT    NOT NULL,
    attempts    INTEGER NOT NULL,
    first_at    INTEGER NOT NULL,
    last_at     INTEGER NOT NULL,
    escalate_at INTEGER,
    PRIMARY KEY (team_id, project_id, session_id, key, subject),
    FOREIGN KEY (team_id, project_id, session_id) REFERENCES sessions (team_id, project_id, session_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX reactions_with_clock ON reactions (escalate_at) WHERE escalate_at IS NOT NULL;

CREATE TABLE notifications (
    id              INTEGER PRIMARY KEY,
    notification_id TEXT    NOT NULL UNIQUE,
    team_id         TEXT    NOT NULL,
    project_id      TEXT    NOT NULL,
    kind            TEXT    NOT NULL CHECK (
        kind IN (
            'approved', 'ready_to_merge', 'stuck', 'needs_input', 'agent_exited', 'pr_closed_unmerged', 'pr_merged',
            'ci_brake', 'review_limit', 'merge_conflict', 'idle', 'agent_blocked', 'mass_death', 'thread_escalated'
        )
    ),
    subject         TEXT    NOT NULL,
    priority        TEXT    NOT NULL CHECK (priority IN ('low', 'normal', 'high', 'urgent')),
    title           TEXT    NOT NULL,
    body            TEXT    NOT NULL,
    url             TEXT,
    ticket          TEXT,
    run_id          TEXT,
    session_id      TEXT,
    agent_name      TEXT,
    thread_id       TEXT,
    created_at      INTEGER NOT NULL,
    read_at         INTEGER,
    read_by         TEXT,
    resolved_at     INTEGER,
    -- Whether somebody outside was told of it.
    delivery        TEXT    NOT NULL CHECK (delivery IN ('disabled', 'pending', 'sent', 'failed')),
    FOREIGN KEY (team_id, project_id) REFERENCES projects (team_id, project_id)
) STRICT;
CREATE INDEX notifications_newest ON notifications (team_id, project_id, id DESC);
CREATE UNIQUE INDEX notifications_unread ON notifications (team_id, project_id, kind, subject) WHERE read_at IS NULL;
CREATE UNIQUE INDEX notifications_unresolved ON notifications (team_id, project_id, kind, subject)
    WHERE resolved_at IS NULL;
CREATE INDEX notifications_of_session ON notifications (team_id, project_id, session_id)
    WHERE resolved_at IS NULL AND session_id IS NOT NULL;
CREATE INDEX notifications_of_sessions ON notifications (id) WHERE resolved_at IS NULL AND session_id IS NOT NULL;
CREATE INDEX notifications_to_deliver ON notifications (id) WHERE delivery = 'pending';
CREATE INDEX notifications_over ON notifications (resolved_at) WHERE read_at IS NOT NULL AND resolved_at IS NOT NULL;

CREATE TRIGGER notification_is_created AFTER INSERT ON notifications
BEGIN
    INSERT INTO noted (type, stream, team_id, project_id, ticket, run_id, session_id, agent_name, payload)
    VALUES (
        'notification.created', 'notification/' || NEW.notification_id, NEW.team_id, NEW.project_id, NEW.ticket,
        NEW.run_id, NEW.session_id, NEW.agent_name,
        json_object(
            'notification_id', NEW.notification_id, 'kind', NEW.kind, 'priority', NEW.priority, 'subject', NEW.subject,
            'title', NEW.title
        )
    );
END;
-- What was resolved and nobody has read yet may hold again.
CREATE TRIGGER notification_is_resolved AFTER UPDATE OF resolved_at ON notifications
WHEN (NEW.resolved_at IS NULL) <> (OLD.resolved_at IS NULL)
BEGIN
    INSERT INTO noted (type, stream, team_id, project_id, ticket, run_id, session_id, agent_name, payload)
    VALUES (
        iif(NEW.resolved_at IS NULL, 'notification.created', 'notification.resolved'),
        'notification/' || NEW.notification_id, NEW.team_id, NEW.project_id, NEW.ticket, NEW.run_id, NEW.session_id,
        NEW.agent_name,
        json_object(
            'notification_id', NEW.notification_id, 'kind', NEW.kind, 'priority', NEW.priority, 'subject', NEW.subject,
            'title', NEW.title
        )
    );
END;

-- What webhooks of a project are signed with. It has to be known as it is to check a signature.
CREATE TABLE webhook_secrets (
    team_id    TEXT    NOT NULL,
    project_id TEXT    NOT NULL,
    secret     TEXT    NOT NULL,
    created_at INTEGER NOT NULL,
    PRIMARY KEY (team_id, project_id),
    FOREIGN KEY (team_id, project_id) REFERENCES projects (team_id, project_id)
) STRICT, WITHOUT ROWID;

INSERT INTO projection_checkpoints (projection, generation, pos, state, updated_at)
VALUES ('react-nudges', 1, (SELECT coalesce(max(pos), 0) FROM events), 'live', 0);
