//! The statements that name no tenant, by the reason why. There are few kinds of reasons: a statement works for all
//! tenants by design, or finds out whose a request is, or counts.

/// A statement, by its file or by how it begins, and the tables of which it may touch rows of any tenant.
pub(super) type Exempt = (&'static str, &'static [&'static str]);

/// Why some statements name no tenant, and which they are.
pub(super) const EXEMPT: &[(&str, &[Exempt])] = &[
    (
        "the log is read once for all: by projectors and reactions, which go through all of it, and by the live tail, \
         which asks of each event who may see it",
        &[("read_events.sql", &["events"])],
    ),
    (
        "the position of the newest event is a number that tells nothing of anybody",
        &[
            ("finish_command.sql", &["events"]),
            ("SELECT coalesce(max(pos), 0) FROM events", &["events"]),
            ("SELECT (SELECT coalesce(max(pos), 0) FROM events), value FRO", &["events"]),
        ],
    ),
    ("the events are those that the same commit has written", &[("read_finished_command.sql", &["events"])]),
    (
        "the drainer publishes for all: it claims rows in order, marks each by its id, fence and tenant, and reads \
         what they name",
        &[
            ("claim_outbox.sql", &["outbox"]),
            ("claim_own_outbox.sql", &["outbox"]),
            ("mark_outbox_sent.sql", &["outbox"]),
            ("read_outbox_commands.sql", &["commands"]),
            ("read_outbox_events.sql", &["events"]),
            ("read_outbox_jobs.sql", &["jobs"]),
            ("read_own_outbox_commands.sql", &["commands", "outbox"]),
            ("read_own_outbox_events.sql", &["events", "outbox"]),
            ("read_own_outbox_jobs.sql", &["jobs", "outbox"]),
            ("SELECT id, payload FROM dead_letters WHERE id IN (SELECT val", &["dead_letters"]),
        ],
    ),
    (
        "whether there is such a row at all: a message that lies among the dead may not say whose it is",
        &[
            ("find_doorbell.sql", &["commands", "events", "jobs"]),
            ("ring_redriven_message.sql", &["commands", "events", "jobs"]),
        ],
    ),
    (
        "reconciliation, and the orderly end, take up what was left by whomever",
        &[
            ("reconcile_commands.sql", &["commands", "outbox"]),
            ("reconcile_events.sql", &["events", "outbox"]),
            ("reconcile_jobs.sql", &["jobs", "outbox"]),
            ("release_expired_commands.sql", &["commands"]),
            ("release_expired_outbox.sql", &["outbox"]),
            ("release_held_commands.sql", &["commands"]),
            ("release_held_jobs.sql", &["jobs"]),
            ("release_unrung_jobs.sql", &["jobs"]),
            ("release_held_outbox.sql", &["outbox"]),
        ],
    ),
    (
        "what is old is forgotten, whose ever it is",
        &[
            ("prune_eventless_commands.sql", &["commands"]),
            ("prune_idempotency_keys.sql", &["commands"]),
            ("prune_notifications.sql", &["notifications"]),
            ("prune_outbox.sql", &["commands", "events", "jobs", "outbox"]),
            ("read_idempotency_range.sql", &["commands"]),
        ],
    ),
    (
        "a generation of a read model is built, compared and removed as a whole",
        &[
            ("delete_counted_threads.sql", &["view_thread_stats_threads"]),
            ("delete_run_snapshot_agents.sql", &["view_run_snapshots_agents"]),
            ("delete_run_snapshots.sql", &["view_run_snapshots"]),
            ("delete_search.sql", &["view_search"]),
            ("delete_search_titles.sql", &["view_search_titles"]),
            ("delete_thread_stats.sql", &["view_thread_stats"]),
            ("delete_thread_views.sql", &["view_thread_views"]),
            ("drop_search_text_0.sql", &["view_search_text_0"]),
            ("drop_search_text_1.sql", &["view_search_text_1"]),
            ("list_generation_of_counted_threads.sql", &["view_thread_stats_threads"]),
            ("list_generation_of_run_snapshot_agents.sql", &["view_run_snapshots_agents"]),
            ("list_generation_of_run_snapshots.sql", &["view_run_snapshots"]),
            ("list_generation_of_search.sql", &["view_search"]),
            ("list_generation_of_search_titles.sql", &["view_search_titles"]),
            ("list_generation_of_thread_stats.sql", &["view_thread_stats"]),
            ("list_generation_of_thread_views.sql", &["view_thread_views"]),
        ],
    ),
    (
        "an index of words knows no tenant: what is searched for begins with the word that stands for one, and what is \
         found is read with its tenant",
        &[
            ("find_observation_documents.sql", &["observation_text"]),
            ("find_pull_request_documents.sql", &["pull_request_text"]),
            ("find_search_documents_0.sql", &["view_search_text_0"]),
            ("find_search_documents_1.sql", &["view_search_text_1"]),
        ],
    ),
    (
        "a schedule or a lane looks for what is due, and gets the tenant with each row",
        &[
            ("find_next_due_job.sql", &["jobs"]),
            ("list_due_questions.sql", &["threads"]),
            ("list_expired_jobs.sql", &["jobs"]),
            ("list_overdue_reactions.sql", &["reactions"]),
            ("list_probeable_sessions.sql", &["sessions"]),
            ("list_projects_with_jobs.sql", &["jobs"]),
            ("list_undelivered_notifications.sql", &["notifications"]),
            ("SELECT id, team_id, project_id, session_id FROM notification", &["notifications"]),
            ("SELECT team_id, project_id, session_id, detecting_since FROM", &["sessions"]),
        ],
    ),
    (
        "it finds out whose the request is, by the hash of a secret or by the project that a sender names; or whether \
         a team's key works, whatever project it is for",
        &[
            ("find_key.sql", &["api_keys"]),
            ("use_login_token.sql", &["login_tokens"]),
            ("write_guard_of_key.sql", &["api_keys"]),
            ("SELECT 1 FROM api_keys WHERE key_id = ?1 AND team_id = ?2 AN", &["api_keys"]),
            ("SELECT p.team_id, w.secret FROM projects AS p LEFT JOIN webh", &["projects"]),
            ("SELECT team_id FROM projects WHERE project_id = ?1", &["projects"]),
        ],
    ),
    (
        "it concerns a team: its projects, their ids, which no other team may have, and an actor's idempotency keys, \
         which hold in all of them",
        &[
            ("read_command_by_key.sql", &["commands"]),
            ("SELECT project_id FROM projects WHERE project_id >= ?1 AND p", &["projects"]),
            ("SELECT project_id FROM projects WHERE team_id = ?1 ORDER BY", &["projects"]),
        ],
    ),
    (
        "health, metrics and the doctor look at the database as a whole, and see numbers and times",
        &[
            ("read_outbox_statistics.sql", &["outbox"]),
            ("read_overview.sql", &["commands", "events"]),
            ("SELECT count(*) FROM control_threads WHERE status IN ('pendi", &["control_threads"]),
            ("SELECT count(*) FROM webhook_secrets", &["webhook_secrets"]),
            ("SELECT kind, status, sum(count) FROM job_counts GROUP BY kin", &["job_counts"]),
            ("SELECT max(recorded_at) FROM events WHERE pos > ?1", &["events"]),
            ("SELECT min(recorded_at) FROM events WHERE pos > ?1", &["events"]),
            ("SELECT name, count(*) FROM commands WHERE status = 'accepted", &["commands"]),
            ("SELECT source, count(*) FROM dead_letters WHERE status = 'de", &["dead_letters"]),
        ],
    ),
];
