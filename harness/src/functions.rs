//! The table of all functions: what the harness runs, what `agentforum functions` prints, and what tests compare with the
//! folder listing.

use std::future::Future;
use std::pin::Pin;
use std::time::Duration;

use shared::ctx::Ctx;
use shared::function::batch::{self, Record, Verdict};
use shared::function::{Function, Trigger, subscription};

/// One function of the table.
#[derive(Clone, Copy)]
pub struct Entry {
    /// The folder's name.
    pub name: &'static str,
    /// What wakes it.
    pub trigger: Trigger,
    /// Its source, whose first lines say what it reads, writes and emits.
    source: &'static str,
    /// Handles a batch; none for functions that requests wake.
    pub run: Option<RunBatch>,
}

/// Handles a batch of one function's messages.
pub type RunBatch = for<'a> fn(&'a Ctx, &'a [Record]) -> Pin<Box<dyn Future<Output = Vec<Verdict>> + Send + 'a>>;

/// The table, in the order of the folders.
pub const TABLE: &[Entry] = &[
    Entry {
        name: api_http::NAME,
        trigger: Trigger::Http,
        source: include_str!("../../functions/api-http/src/lib.rs"),
        run: None,
    },
    entry::<cmd_add_post::CmdAddPost>(include_str!("../../functions/cmd-add-post/src/lib.rs")),
    entry::<cmd_answer_thread::CmdAnswerThread>(include_str!("../../functions/cmd-answer-thread/src/lib.rs")),
    entry::<cmd_assign_thread::CmdAssignThread>(include_str!("../../functions/cmd-assign-thread/src/lib.rs")),
    entry::<cmd_change_run_state::CmdChangeRunState>(include_str!("../../functions/cmd-change-run-state/src/lib.rs")),
    entry::<cmd_change_thread_state::CmdChangeThreadState>(include_str!(
        "../../functions/cmd-change-thread-state/src/lib.rs"
    )),
    entry::<cmd_close_run::CmdCloseRun>(include_str!("../../functions/cmd-close-run/src/lib.rs")),
    entry::<cmd_close_thread::CmdCloseThread>(include_str!("../../functions/cmd-close-thread/src/lib.rs")),
    entry::<cmd_end_session::CmdEndSession>(include_str!("../../functions/cmd-end-session/src/lib.rs")),
    entry::<cmd_escalate_thread::CmdEscalateThread>(include_str!("../../functions/cmd-escalate-thread/src/lib.rs")),
    entry::<cmd_ingest_agent_events::CmdIngestAgentEvents>(include_str!(
        "../../functions/cmd-ingest-agent-events/src/lib.rs"
    )),
    entry::<cmd_observe_pull_request::CmdObservePullRequest>(include_str!(
        "../../functions/cmd-observe-pull-request/src/lib.rs"
    )),
    entry::<cmd_open_thread::CmdOpenThread>(include_str!("../../functions/cmd-open-thread/src/lib.rs")),
    entry::<cmd_report_activity::CmdReportActivity>(include_str!("../../functions/cmd-report-activity/src/lib.rs")),
    entry::<cmd_report_runtime::CmdReportRuntime>(include_str!("../../functions/cmd-report-runtime/src/lib.rs")),
    entry::<cmd_send_nudge::CmdSendNudge>(include_str!("../../functions/cmd-send-nudge/src/lib.rs")),
    entry::<cmd_send_signal::CmdSendSignal>(include_str!("../../functions/cmd-send-signal/src/lib.rs")),
    entry::<cmd_set_thread_priority::CmdSetThreadPriority>(include_str!(
        "../../functions/cmd-set-thread-priority/src/lib.rs"
    )),
    entry::<cmd_start_run::CmdStartRun>(include_str!("../../functions/cmd-start-run/src/lib.rs")),
    entry::<cmd_start_session::CmdStartSession>(include_str!("../../functions/cmd-start-session/src/lib.rs")),
    entry::<drain_outbox::DrainOutbox>(include_str!("../../functions/drain-outbox/src/lib.rs")),
    entry::<job_event::JobEvent>(include_str!("../../functions/job-event/src/lib.rs")),
    entry::<job_event_batch::JobEventBatch>(include_str!("../../functions/job-event-batch/src/lib.rs")),
    entry::<job_reindex::JobReindex>(include_str!("../../functions/job-reindex/src/lib.rs")),
    entry::<job_summary::JobSummary>(include_str!("../../functions/job-summary/src/lib.rs")),
    entry::<project_run_snapshots::ProjectRunSnapshots>(include_str!(
        "../../functions/project-run-snapshots/src/lib.rs"
    )),
    entry::<project_search::ProjectSearch>(include_str!("../../functions/project-search/src/lib.rs")),
    entry::<project_thread_stats::ProjectThreadStats>(include_str!("../../functions/project-thread-stats/src/lib.rs")),
    entry::<project_thread_views::ProjectThreadViews>(include_str!("../../functions/project-thread-views/src/lib.rs")),
    entry::<react_nudges::ReactNudges>(include_str!("../../functions/react-nudges/src/lib.rs")),
    entry::<react_run_gates::ReactRunGates>(include_str!("../../functions/react-run-gates/src/lib.rs")),
    entry::<sweep_dead_letters::SweepDeadLetters>(include_str!("../../functions/sweep-dead-letters/src/lib.rs")),
    entry::<sweep_escalations::SweepEscalations>(include_str!("../../functions/sweep-escalations/src/lib.rs")),
    entry::<sweep_expired_leases::SweepExpiredLeases>(include_str!("../../functions/sweep-expired-leases/src/lib.rs")),
    entry::<sweep_retention::SweepRetention>(include_str!("../../functions/sweep-retention/src/lib.rs")),
    entry::<sweep_silent_sessions::SweepSilentSessions>(include_str!(
        "../../functions/sweep-silent-sessions/src/lib.rs"
    )),
];

impl Entry {
    /// Whether messages wake it.
    #[must_use]
    pub fn is_queued(&self) -> bool {
        subscription(self.name, self.trigger).is_some()
    }

    /// How long one invocation may take where it is deployed.
    #[must_use]
    pub fn timeout(&self) -> Duration {
        self.trigger.timeout()
    }
}

const fn entry<F: Function>(source: &'static str) -> Entry {
    Entry { name: F::NAME, trigger: F::TRIGGER, source, run: Some(run::<F>) }
}

fn run<'a, F: Function>(
    ctx: &'a Ctx,
    records: &'a [Record],
) -> Pin<Box<dyn Future<Output = Vec<Verdict>> + Send + 'a>> {
    Box::pin(batch::run::<F>(ctx, records, None))
}

/// A function as `agentforum functions` shows it.
#[derive(Clone, Debug, serde::Serialize)]
pub struct FunctionRow {
    /// The folder's name.
    pub name: &'static str,
    /// What wakes it.
    pub trigger: String,
    /// Tables it reads.
    pub reads: &'static str,
    /// Tables it writes.
    pub writes: &'static str,
    /// Events and messages it emits.
    pub emits: &'static str,
}

/// The table for people: each row from the function's own header.
#[must_use]
pub fn table() -> Vec<FunctionRow> {
    let line = |source: &'static str, label: &str| {
        let lines = source.lines().filter_map(|line| line.strip_prefix("//! "));
        lines.filter_map(|line| line.strip_prefix(label)).map(str::trim).next().unwrap_or_default()
    };
    TABLE
        .iter()
        .map(|entry| FunctionRow {
            name: entry.name,
            trigger: line(entry.source, "Wakes on:").to_owned(),
            reads: line(entry.source, "Reads:"),
            writes: line(entry.source, "Writes:"),
            emits: line(entry.source, "Emits:"),
        })
        .collect()
}
