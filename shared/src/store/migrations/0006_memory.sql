-- Memory: what agents did, the jobs that make observations of it, and where those are found again.

-- What a trigger notes may belong to another request than the commit that notes it: one commit claims the jobs of many.
DROP TRIGGER noted_is_an_event;
DROP VIEW noted;
CREATE VIEW noted AS
SELECT '' AS type, '' AS stream, '' AS team_id, '' AS project_id, '' AS ticket, '' AS run_id, '' AS session_id,
    '' AS agent_name, '' AS correlation_id, '' AS causation_id, '' AS traceparent, '' AS payload
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
        coalesce(
            NEW.correlation_id,
            (
                SELECT
                    CASE
                        WHEN c.correlation_id <> '' THEN c.correlation_id
                        ELSE 'ev_' || substr(c.id_seed, 1, 32) || '0000'
                    END
                FROM commit_context AS c
            )
        ),
        coalesce(NEW.causation_id, (SELECT causation_id FROM commit_context)),
        coalesce(NEW.traceparent, (SELECT traceparent FROM commit_context)),
        (SELECT now FROM commit_context),
        (SELECT now FROM commit_context),
        NEW.payload
    );
    UPDATE commit_context SET n = n + 1;
END;

-- What agents said that they did. Private text was removed before.
CREATE TABLE agent_events (
    -- The order of arrival.
    id              INTEGER PRIMARY KEY,
    team_id         TEXT    NOT NULL,
    project_id      TEXT    NOT NULL,
    agent_event_id  TEXT    NOT NULL,
    batch_id        TEXT    NOT NULL,
    -- What makes it the same event however often it is sent.
    idempotency_key TEXT    NOT NULL,
    source_adapter  TEXT,
    source_event_id TEXT,
    session_id      TEXT,
    event_type      TEXT    NOT NULL,
    occurred_at     INTEGER NOT NULL,
    received_at     INTEGER NOT NULL,
    payload         TEXT    NOT NULL CHECK (json_valid(payload)),
    -- The job that makes observations of it, if one does.
    job_id          TEXT,
    UNIQUE (team_id, project_id, agent_event_id),
    UNIQUE (team_id, project_id, idempotency_key),
    FOREIGN KEY (team_id, project_id) REFERENCES projects (team_id, project_id),
    FOREIGN KEY (team_id, project_id, session_id) REFERENCES sessions (team_id, project_id, session_id)
) STRICT;
CREATE INDEX agent_events_of_session ON agent_events (team_id, project_id, session_id, id) WHERE session_id IS NOT NULL;

CREATE TRIGGER agent_event_is_received AFTER INSERT ON agent_events
BEGIN
    INSERT INTO noted (type, stream, team_id, project_id, session_id, payload)
    VALUES (
        'agent_event.received', 'agent_event/' || NEW.agent_event_id, NEW.team_id, NEW.project_id, NEW.session_id,
        json_object(
            'agent_event_id', NEW.agent_event_id, 'event_type', NEW.event_type, 'session_id', NEW.session_id
        )
    );
END;

-- Durable work of the generation lanes. Legal moves are the triggers' business, whoever moves.
CREATE TABLE jobs (
    -- The order in which they came.
    id                INTEGER PRIMARY KEY,
    job_id            TEXT    NOT NULL UNIQUE,
    team_id           TEXT    NOT NULL,
    project_id        TEXT    NOT NULL,
    -- The lane.
    kind              TEXT    NOT NULL CHECK (kind IN ('event', 'event_batch', 'summary', 'reindex')),
    source_type       TEXT    NOT NULL,
    source_id         TEXT    NOT NULL,
    session_id        TEXT,
    payload           TEXT    NOT NULL CHECK (json_valid(payload)),
    status            TEXT    NOT NULL DEFAULT 'queued'
        CHECK (status IN ('queued', 'processing', 'completed', 'failed', 'cancelled')),
    attempts          INTEGER NOT NULL DEFAULT 0 CHECK (attempts >= 0),
    -- Not before this time; 0 is at once.
    next_attempt_at   INTEGER NOT NULL DEFAULT 0,
    -- Whether a doorbell is to be rung for it, and whether one has reached its lane since it was last queued.
    rings             INTEGER NOT NULL CHECK (rings IN (0, 1)),
    enqueued          INTEGER NOT NULL DEFAULT 0 CHECK (enqueued IN (0, 1)),
    locked_until      INTEGER,
    fence             INTEGER NOT NULL DEFAULT 0,
    retried_count     INTEGER NOT NULL DEFAULT 0,
    -- Who moved it last: request, lane, operator, reconciliation, shutdown.
    moved_by          TEXT    NOT NULL,
    error_class       TEXT CHECK (
        error_class IN (
            'transient', 'rate_limited', 'auth', 'quota', 'invalid_output', 'unrecoverable', 'scope', 'revoked'
        )
    ),
    last_error        TEXT,
    observations      INTEGER NOT NULL DEFAULT 0,
    provider          TEXT,
    model             TEXT,
    input_tokens      INTEGER NOT NULL DEFAULT 0,
    output_tokens     INTEGER NOT NULL DEFAULT 0,
    -- Millionths of a US dollar, by the configured prices.
    cost_microdollars INTEGER NOT NULL DEFAULT 0,
    -- On whose behalf: the key that caused it, if one did.
    key_id            TEXT,
    request_id        TEXT    NOT NULL,
    correlation_id    TEXT    NOT NULL,
    causation_id      TEXT,
    traceparent       TEXT,
    created_at        INTEGER NOT NULL,
    updated_at        INTEGER NOT NULL,
    started_at        INTEGER,
    finished_at       INTEGER,
    UNIQUE (team_id, project_id, kind, source_type, source_id),
    FOREIGN KEY (team_id, project_id) REFERENCES projects (team_id, project_id),
    CHECK (substr(job_id, 1, instr(job_id, '_')) = CASE kind
        WHEN 'event' THEN 'evt_' WHEN 'event_batch' THEN 'evtb_' WHEN 'summary' THEN 'sum_' ELSE 'rdx_'
    END),
    CHECK (length(job_id) = instr(job_id, '_') + 64),
    CHECK (substr(job_id, instr(job_id, '_') + 1) NOT GLOB '*[^0-9a-f]*'),
    CHECK ((status = 'processing') = (locked_until IS NOT NULL)),
    CHECK ((status IN ('completed', 'failed', 'cancelled')) = (finished_at IS NOT NULL))
) STRICT;
CREATE INDEX jobs_queued ON jobs (kind, team_id, project_id, next_attempt_at, id) WHERE status = 'queued';
-- Those that failed and are tried again.
CREATE INDEX jobs_delayed ON jobs (kind, next_attempt_at) WHERE status = 'queued' AND next_attempt_at > 0;
-- Those that nobody rang for, since their lane was paused or disabled.
CREATE INDEX jobs_unrung ON jobs (kind, id) WHERE status = 'queued' AND rings = 0;
CREATE INDEX jobs_processing ON jobs (locked_until) WHERE status = 'processing';
CREATE INDEX jobs_newest ON jobs (team_id, project_id, id DESC);

-- How many there are of each kind and status, so that nobody has to count.
CREATE TABLE job_counts (
    team_id    TEXT    NOT NULL,
    project_id TEXT    NOT NULL,
    kind       TEXT    NOT NULL,
    status     TEXT    NOT NULL,
    count      INTEGER NOT NULL,
    PRIMARY KEY (team_id, project_id, kind, status)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER jobs_refuse_delete BEFORE DELETE ON jobs
BEGIN
    SELECT RAISE(ABORT, 'jobs are never deleted');
END;
CREATE TRIGGER jobs_begin_queued BEFORE INSERT ON jobs
WHEN NEW.status <> 'queued' OR NEW.attempts <> 0
BEGIN
    SELECT RAISE(ABORT, 'a job begins queued');
END;
CREATE TRIGGER jobs_move_legally BEFORE UPDATE ON jobs
WHEN (NEW.job_id, NEW.team_id, NEW.project_id, NEW.kind, NEW.source_type, NEW.source_id)
        IS NOT (OLD.job_id, OLD.team_id, OLD.project_id, OLD.kind, OLD.source_type, OLD.source_id)
    OR NEW.fence < OLD.fence
    OR NEW.attempts > OLD.attempts
        AND NOT (NEW.attempts = OLD.attempts + 1 AND OLD.status = 'queued' AND NEW.status = 'processing')
    OR NEW.status <> OLD.status
        AND NOT (
            OLD.status = 'queued' AND NEW.status IN ('processing', 'failed', 'cancelled')
            OR OLD.status = 'processing' AND NEW.status IN ('queued', 'completed', 'failed', 'cancelled')
            OR OLD.status IN ('failed', 'cancelled')
                AND NEW.status = 'queued'
                AND NEW.retried_count = OLD.retried_count + 1
        )
BEGIN
    SELECT RAISE(ABORT, 'that is no legal move of a job');
END;

-- A queued job is rung for, unless its lane is paused or disabled: the row goes out again under the same message id.
CREATE TRIGGER job_is_queued AFTER INSERT ON jobs
BEGIN
    INSERT INTO job_counts (team_id, project_id, kind, status, count)
    VALUES (NEW.team_id, NEW.project_id, NEW.kind, NEW.status, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
    INSERT INTO noted (
        type, stream, team_id, project_id, session_id, correlation_id, causation_id, traceparent, payload
    )
    VALUES (
        'job.queued', 'job/' || NEW.job_id, NEW.team_id, NEW.project_id, NEW.session_id, NEW.correlation_id,
        NEW.causation_id, NEW.traceparent,
        json_object('job_id', NEW.job_id, 'kind', NEW.kind, 'attempts', NEW.attempts, 'source', NEW.moved_by)
    );
    INSERT INTO outbox (message_id, team_id, project_id, topic, key, payload, created_at, updated_at)
    SELECT
        'msg_' || NEW.job_id, NEW.team_id, NEW.project_id, 'forum.jobs.' || NEW.kind,
        NEW.team_id || '/' || NEW.project_id || '/job/' || NEW.job_id, json_object('job', NEW.job_id), NEW.updated_at,
        NEW.updated_at
    WHERE NEW.rings;
END;
CREATE TRIGGER job_moves AFTER UPDATE OF status ON jobs WHEN NEW.status <> OLD.status
BEGIN
    UPDATE job_counts
    SET count = count - 1
    WHERE team_id = OLD.team_id AND project_id = OLD.project_id AND kind = OLD.kind AND status = OLD.status;
    INSERT INTO job_counts (team_id, project_id, kind, status, count)
    VALUES (NEW.team_id, NEW.project_id, NEW.kind, NEW.status, 1)
    ON CONFLICT DO UPDATE SET count = count + 1;
    -- It is in its lane's hands, whichever doorbell brought the lane here.
    INSERT INTO noted (
        type, stream, team_id, project_id, session_id, correlation_id, causation_id, traceparent, payload
    )
    SELECT
        'job.enqueued', 'job/' || NEW.job_id, NEW.team_id, NEW.project_id, NEW.session_id, NEW.correlation_id,
        NEW.causation_id, NEW.traceparent,
        json_object('job_id', NEW.job_id, 'kind', NEW.kind, 'attempts', OLD.attempts, 'source', NEW.moved_by)
    WHERE NEW.status = 'processing' AND NOT OLD.enqueued;
    INSERT INTO noted (
        type, stream, team_id, project_id, session_id, correlation_id, causation_id, traceparent, payload
    )
    VALUES (
        CASE
            WHEN NEW.status = 'queued' AND NEW.error_class IS NOT NULL THEN 'job.retry_scheduled'
            ELSE 'job.' || NEW.status
        END,
        'job/' || NEW.job_id, NEW.team_id, NEW.project_id, NEW.session_id, NEW.correlation_id, NEW.causation_id,
        NEW.traceparent,
        json_object(
            'job_id', NEW.job_id, 'kind', NEW.kind, 'attempts', NEW.attempts,
            'next_attempt_at',
            iif(
                NEW.next_attempt_at = 0, NULL,
                strftime('%Y-%m-%dT%H:%M:%fZ', NEW.next_attempt_at / 1000.0, 'unixepoch')
            ),
            'error_class', NEW.error_class, 'source', NEW.moved_by
        )
    );
    INSERT INTO audit (team_id, project_id, at, actor_type, actor_name, key_id, action, subject, request_id, outcome)
    SELECT
        NEW.team_id, NEW.project_id, c.now, c.actor_type, c.actor_name, NEW.key_id, 'job.' || NEW.status, NEW.job_id,
        NEW.request_id, coalesce(NEW.error_class, 'ok')
    FROM commit_context AS c
    WHERE NEW.status <> 'queued';
END;
-- Queued anew, and not to wait: its doorbell goes out again.
CREATE TRIGGER job_is_rung AFTER UPDATE OF status ON jobs
WHEN NEW.status = 'queued' AND OLD.status <> 'queued' AND NEW.rings AND NEW.next_attempt_at = 0
BEGIN
    INSERT INTO outbox (message_id, team_id, project_id, topic, key, payload, created_at, updated_at)
    VALUES (
        'msg_' || NEW.job_id, NEW.team_id, NEW.project_id, 'forum.jobs.' || NEW.kind,
        NEW.team_id || '/' || NEW.project_id || '/job/' || NEW.job_id, json_object('job', NEW.job_id), NEW.updated_at,
        NEW.updated_at
    )
    ON CONFLICT (message_id) DO UPDATE SET
        status = 'pending',
        attempts = 0,
        fence = fence + 1,
        next_attempt_at = 0,
        locked_until = NULL,
        last_error = NULL,
        updated_at = excluded.updated_at;
END;
CREATE TRIGGER job_is_enqueued AFTER UPDATE OF enqueued ON jobs
WHEN NEW.enqueued AND NOT OLD.enqueued AND NEW.status = 'queued'
BEGIN
    INSERT INTO noted (
        type, stream, team_id, project_id, session_id, correlation_id, causation_id, traceparent, payload
    )
    VALUES (
        'job.enqueued', 'job/' || NEW.job_id, NEW.team_id, NEW.project_id, NEW.session_id, NEW.correlation_id,
        NEW.causation_id, NEW.traceparent,
        json_object('job_id', NEW.job_id, 'kind', NEW.kind, 'attempts', NEW.attempts, 'source', 'publish')
    );
END;
CREATE TRIGGER doorbell_of_a_job_is_sent AFTER UPDATE OF status ON outbox
WHEN NEW.status = 'sent' AND NEW.topic GLOB 'forum.jobs.*'
BEGIN
    UPDATE jobs
    SET enqueued = 1
    WHERE job_id = NEW.payload ->> 'job'
        AND team_id = NEW.team_id
        AND project_id = NEW.project_id
        AND status = 'queued'
        AND NOT enqueued;
END;
CREATE TRIGGER doorbell_of_a_job_is_not_sent AFTER UPDATE OF status ON outbox
WHEN NEW.status IN ('failed', 'dead') AND NEW.topic GLOB 'forum.jobs.*'
BEGIN
    INSERT INTO noted (
        type, stream, team_id, project_id, session_id, correlation_id, causation_id, traceparent, payload
    )
    SELECT
        'job.failed', 'job/' || job_id, team_id, project_id, session_id, correlation_id, causation_id, traceparent,
        json_object('job_id', job_id, 'kind', kind, 'attempts', attempts, 'source', 'publish')
    FROM jobs
    WHERE job_id = NEW.payload ->> 'job' AND team_id = NEW.team_id AND project_id = NEW.project_id;
END;

-- What is worth remembering.
CREATE TABLE observations (
    -- The order in which they were made.
    id              INTEGER PRIMARY KEY,
    team_id         TEXT    NOT NULL,
    project_id      TEXT    NOT NULL,
    observation_id  TEXT    NOT NULL,
    -- What makes it the same observation however often its job ran: job, place among the job's, content.
    observation_key TEXT    NOT NULL,
    job_id          TEXT    NOT NULL REFERENCES jobs (job_id),
    session_id      TEXT,
    kind            TEXT    NOT NULL CHECK (
        kind IN ('decision', 'discovery', 'change', 'fix', 'failure', 'verification', 'note', 'summary')
    ),
    title           TEXT    NOT NULL CHECK (title <> ''),
    body            TEXT    NOT NULL,
    -- When the newest of what it is about happened.
    occurred_at     INTEGER NOT NULL,
    created_at      INTEGER NOT NULL,
    -- The one word that stands for team and project in the index. It ends in a digit, which no stemmer takes for a suffix.
    scope           TEXT    NOT NULL
        GENERATED ALWAYS AS ('s' || lower(hex(team_id || '/' || project_id)) || '0') VIRTUAL,
    UNIQUE (team_id, project_id, observation_id),
    UNIQUE (team_id, project_id, observation_key),
    FOREIGN KEY (team_id, project_id) REFERENCES projects (team_id, project_id)
) STRICT;
CREATE INDEX observations_of_session ON observations (team_id, project_id, session_id, id) WHERE session_id IS NOT NULL;

-- Which agent events an observation was made of.
CREATE TABLE observation_sources (
    team_id        TEXT NOT NULL,
    project_id     TEXT NOT NULL,
    observation_id TEXT NOT NULL,
    agent_event_id TEXT NOT NULL,
    PRIMARY KEY (team_id, project_id, observation_id, agent_event_id),
    FOREIGN KEY (team_id, project_id, observation_id)
        REFERENCES observations (team_id, project_id, observation_id),
    FOREIGN KEY (team_id, project_id, agent_event_id)
        REFERENCES agent_events (team_id, project_id, agent_event_id)
) STRICT, WITHOUT ROWID;
CREATE INDEX observation_sources_by_event ON observation_sources (team_id, project_id, agent_event_id);

-- Their words; the texts are the observations' own.
CREATE VIRTUAL TABLE observation_text USING fts5 (
    scope, title, body, content = 'observations', content_rowid = 'id', tokenize = 'porter unicode61'
);

CREATE TRIGGER observation_is_created AFTER INSERT ON observations
BEGIN
    INSERT INTO observation_text (rowid, scope, title, body) VALUES (NEW.id, NEW.scope, NEW.title, NEW.body);
    INSERT INTO noted (type, stream, team_id, project_id, session_id, payload)
    VALUES (
        'observation.created', 'observation/' || NEW.observation_id, NEW.team_id, NEW.project_id, NEW.session_id,
        json_object(
            'observation_id', NEW.observation_id, 'kind', NEW.kind, 'title', NEW.title, 'session_id', NEW.session_id,
            'job_id', NEW.job_id
        )
    );
    INSERT INTO audit (team_id, project_id, at, actor_type, actor_name, key_id, action, subject, request_id, outcome)
    SELECT
        NEW.team_id, NEW.project_id, c.now, c.actor_type, c.actor_name, jobs.key_id, 'observation.created',
        NEW.observation_id, jobs.request_id, 'ok'
    FROM jobs
    CROSS JOIN commit_context AS c
    WHERE jobs.job_id = NEW.job_id;
END;
CREATE TRIGGER observations_refuse_update BEFORE UPDATE ON observations
BEGIN
    SELECT RAISE(ABORT, 'observations are never changed');
END;

-- What pull requests are found by.
CREATE TABLE pull_request_documents (
    id         INTEGER PRIMARY KEY,
    team_id    TEXT    NOT NULL,
    project_id TEXT    NOT NULL,
    url        TEXT    NOT NULL,
    session_id TEXT    NOT NULL,
    title      TEXT    NOT NULL,
    body       TEXT    NOT NULL,
    updated_at INTEGER NOT NULL,
    scope      TEXT    NOT NULL
        GENERATED ALWAYS AS ('s' || lower(hex(team_id || '/' || project_id)) || '0') VIRTUAL,
    UNIQUE (team_id, project_id, url),
    FOREIGN KEY (team_id, project_id, url) REFERENCES pull_requests (team_id, project_id, url)
) STRICT;
CREATE VIRTUAL TABLE pull_request_text USING fts5 (
    scope, title, body, content = 'pull_request_documents', content_rowid = 'id', tokenize = 'porter unicode61'
);
CREATE TRIGGER pull_request_document_is_added AFTER INSERT ON pull_request_documents
BEGIN
    INSERT INTO pull_request_text (rowid, scope, title, body) VALUES (NEW.id, NEW.scope, NEW.title, NEW.body);
END;
CREATE TRIGGER pull_request_document_changes AFTER UPDATE OF title, body ON pull_request_documents
WHEN (NEW.title, NEW.body) IS NOT (OLD.title, OLD.body)
BEGIN
    INSERT INTO pull_request_text (pull_request_text, rowid, scope, title, body)
    VALUES ('delete', OLD.id, OLD.scope, OLD.title, OLD.body);
    INSERT INTO pull_request_text (rowid, scope, title, body) VALUES (NEW.id, NEW.scope, NEW.title, NEW.body);
END;

-- The text of a pull request's facts.
CREATE VIEW pull_request_facts AS
SELECT
    team_id, project_id, url, session_id, updated_at,
    coalesce(nullif(title, ''), url) AS title,
    url
        || ' ' || state
        || coalesce(' by ' || author, '')
        || coalesce(' from ' || branch, '')
        || coalesce(' into ' || base_branch, '')
        || ', checks ' || ci
        || ', review ' || replace(review, '_', ' ')
        || ', ' || mergeability AS body
FROM pull_requests;
CREATE TRIGGER pull_request_is_found AFTER INSERT ON pull_requests
BEGIN
    INSERT INTO pull_request_documents (team_id, project_id, url, session_id, title, body, updated_at)
    SELECT team_id, project_id, url, session_id, title, body, updated_at
    FROM pull_request_facts
    WHERE team_id = NEW.team_id AND project_id = NEW.project_id AND url = NEW.url;
END;
CREATE TRIGGER pull_request_is_found_anew
AFTER UPDATE OF session_id, title, branch, base_branch, author, state, review, ci, mergeability ON pull_requests
WHEN (
        NEW.session_id, NEW.title, NEW.branch, NEW.base_branch, NEW.author, NEW.state, NEW.review, NEW.ci,
        NEW.mergeability
    ) IS NOT (
        OLD.session_id, OLD.title, OLD.branch, OLD.base_branch, OLD.author, OLD.state, OLD.review, OLD.ci,
        OLD.mergeability
    )
BEGIN
    UPDATE pull_request_documents
    SET (session_id, title, body, updated_at) = (
        SELECT session_id, title, body, updated_at
        FROM pull_request_facts
        WHERE team_id = NEW.team_id AND project_id = NEW.project_id AND url = NEW.url
    )
    WHERE team_id = NEW.team_id AND project_id = NEW.project_id AND url = NEW.url;
END;
INSERT INTO pull_request_documents (team_id, project_id, url, session_id, title, body, updated_at)
SELECT team_id, project_id, url, session_id, title, body, updated_at
FROM pull_request_facts
ORDER BY updated_at;

-- Who works a lane, and until when. Every claim checks the fence.
CREATE TABLE leases (
    name         TEXT    NOT NULL PRIMARY KEY,
    holder       TEXT    NOT NULL,
    fence        INTEGER NOT NULL,
    locked_until INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Lanes that a team has paused, for one project or (an empty project) for all of its own.
CREATE TABLE lane_pauses (
    team_id    TEXT    NOT NULL REFERENCES teams (team_id),
    project_id TEXT    NOT NULL,
    kind       TEXT    NOT NULL CHECK (kind IN ('event', 'event_batch', 'summary', 'reindex')),
    paused_by  TEXT    NOT NULL,
    paused_at  INTEGER NOT NULL,
    PRIMARY KEY (team_id, project_id, kind)
) STRICT, WITHOUT ROWID;

-- Jobs may die too. A column's own check cannot be altered, so the table is.
CREATE TABLE letters (
    id              TEXT    NOT NULL PRIMARY KEY,
    team_id         TEXT    NOT NULL,
    project_id      TEXT    NOT NULL,
    source          TEXT    NOT NULL CHECK (source IN ('outbox', 'command', 'delivery', 'projection', 'job')),
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
    decided_at      INTEGER,
    decided_by      TEXT,
    reason          TEXT,
    UNIQUE (team_id, project_id, source, function, message_id, died_at)
) STRICT, WITHOUT ROWID;
INSERT INTO letters (
    id, team_id, project_id, source, function, topic, message_id, key, payload, error_class, error, attempts,
    first_failed_at, died_at, status, decided_at, decided_by, reason
)
SELECT
    id, team_id, project_id, source, function, topic, message_id, key, payload, error_class, error, attempts,
    first_failed_at, died_at, status, decided_at, decided_by, reason
FROM dead_letters;
DROP TABLE dead_letters;
ALTER TABLE letters RENAME TO dead_letters;
CREATE INDEX dead_letters_newest ON dead_letters (team_id, project_id, status, died_at DESC);

-- Requests per second that a key may make; the setting's where it says nothing.
ALTER TABLE api_keys ADD COLUMN rate_limit INTEGER CHECK (rate_limit IS NULL OR rate_limit > 0);

-- The trail: what was done directly, and commands, each newest first.
CREATE INDEX audit_newest ON audit (team_id, id DESC);
CREATE INDEX commands_of_team ON commands (team_id, seq);
