//! Every function that messages wake. A deployed function knows no other, and publishes to all of them; the harness's table
//! is compared with this one by a test.

use super::{Trigger, subscription};
use crate::message::command::{
    AddPost, AnswerThread, AssignThread, ChangeRunState, ChangeThreadState, CloseRun, CloseThread, Command,
    ControlSignal, EndSession, EscalateThread, IngestAgentEvents, ObservePullRequest, OpenThread, ReportActivity,
    ReportRuntime, SendNudge, SetThreadPriority, StartRun, StartSession,
};
use crate::store::views::{run_snapshots, search, thread_stats, thread_views};
use crate::transport::Subscription;
use crate::value::JobKind;

/// Function and trigger, in the order of the folders.
pub const ROUTES: &[(&str, Trigger)] = &[
    ("cmd-add-post", Trigger::Command(AddPost::NAME)),
    ("cmd-answer-thread", Trigger::Command(AnswerThread::NAME)),
    ("cmd-assign-thread", Trigger::Command(AssignThread::NAME)),
    ("cmd-change-run-state", Trigger::Command(ChangeRunState::NAME)),
    ("cmd-change-thread-state", Trigger::Command(ChangeThreadState::NAME)),
    ("cmd-close-run", Trigger::Command(CloseRun::NAME)),
    ("cmd-close-thread", Trigger::Command(CloseThread::NAME)),
    ("cmd-end-session", Trigger::Command(EndSession::NAME)),
    ("cmd-escalate-thread", Trigger::Command(EscalateThread::NAME)),
    ("cmd-ingest-agent-events", Trigger::Command(IngestAgentEvents::NAME)),
    ("cmd-observe-pull-request", Trigger::Command(ObservePullRequest::NAME)),
    ("cmd-open-thread", Trigger::Command(OpenThread::NAME)),
    ("cmd-report-activity", Trigger::Command(ReportActivity::NAME)),
    ("cmd-report-runtime", Trigger::Command(ReportRuntime::NAME)),
    ("cmd-send-nudge", Trigger::Command(SendNudge::NAME)),
    ("cmd-send-signal", Trigger::Command(ControlSignal::NAME)),
    ("cmd-set-thread-priority", Trigger::Command(SetThreadPriority::NAME)),
    ("cmd-start-run", Trigger::Command(StartRun::NAME)),
    ("cmd-start-session", Trigger::Command(StartSession::NAME)),
    ("job-event", Trigger::Job(JobKind::Event)),
    ("job-event-batch", Trigger::Job(JobKind::EventBatch)),
    ("job-reindex", Trigger::Job(JobKind::Reindex)),
    ("job-summary", Trigger::Job(JobKind::Summary)),
    ("project-run-snapshots", Trigger::Projection(run_snapshots::PROJECTION.name)),
    ("project-search", Trigger::Projection(search::PROJECTION.name)),
    ("project-thread-stats", Trigger::Projection(thread_stats::PROJECTION.name)),
    ("project-thread-views", Trigger::Projection(thread_views::PROJECTION.name)),
    ("react-nudges", Trigger::Reaction("react-nudges")),
    ("react-run-gates", Trigger::Reaction("react-run-gates")),
];

/// What every function subscribes to.
#[must_use]
pub fn subscriptions() -> Vec<Subscription> {
    ROUTES.iter().filter_map(|(function, trigger)| subscription(function, *trigger)).collect()
}
