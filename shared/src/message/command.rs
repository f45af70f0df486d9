//! Commands: what somebody wants done to one stream. A payload is checked and put into its normal form once, at the door;
//! what is stored and later decided on is that form.

mod agent_events;
mod check;
mod escalations;
mod nudges;
mod pull_requests;
mod runs;
mod sessions;
mod signals;
mod threads;

use serde::{Serialize, de::DeserializeOwned};
use uuid::Uuid;

use crate::clock::Time;
use crate::error::{FieldError, Rejection};
use crate::value::{Actor, Scope};

pub use agent_events::{IngestAgentEvents, NewAgentEvent};
pub use escalations::{EscalateThread, EscalationReason};
pub use nudges::{MESSAGE, SendNudge};
pub use pull_requests::{ObservePullRequest, ObservedCheck, ObservedComment, log_tail, pull_request_url};
pub use runs::{Brief, ChangeRunState, CloseRun, StartRun};
pub use sessions::{EndSession, ReportActivity, ReportRuntime, StartSession};
pub use signals::{
    Completion, ControlPayload, ControlSignal, GuidanceAnswer, GuidanceRequest, Validation, control_thread_id,
};
pub use threads::{AddPost, AnswerThread, AssignThread, ChangeThreadState, CloseThread, OpenThread, SetThreadPriority};

/// A command's payload: its name, its checks, and the stream it is about.
pub trait Command: Serialize + DeserializeOwned + Clone + Send + Sync + 'static {
    /// The name, as in `forum.commands.<name>`.
    const NAME: &'static str;
    /// Whether it begins a thread, a run or a session, which an archived project does not take.
    const OPENS: bool = false;

    /// Puts the payload into its normal form.
    ///
    /// # Errors
    /// One entry per field that is wrong.
    fn normalise(self, now: Time) -> Result<Self, Vec<FieldError>>;

    /// What the payload itself forbids `actor`, beyond fields that are wrong.
    ///
    /// # Errors
    /// The rule it breaks. Such a command is not stored.
    fn permit(&self, _actor: &Actor) -> Result<(), Rejection> {
        Ok(())
    }

    /// What this command is about. One that begins something makes its id from its own UUID, so that a repeated delivery
    /// cannot begin a second one.
    fn subject(&self, scope: &Scope, command: Uuid) -> Subject;
}

/// What a command is about: the thing whose stream it appends to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Subject {
    /// A thread, by its id.
    Thread(String),
    /// A run, by its id.
    Run(String),
    /// A session, by its id.
    Session(String),
    /// The sessions that a project is about to have.
    SessionStarts(String),
    /// A batch of agent events, by its id.
    Batch(String),
    /// A pull request, by its address.
    PullRequest(String),
}

impl Subject {
    /// Its identity.
    #[must_use]
    pub fn id(&self) -> &str {
        match self {
            Self::Thread(id)
            | Self::Run(id)
            | Self::Session(id)
            | Self::SessionStarts(id)
            | Self::Batch(id)
            | Self::PullRequest(id) => id,
        }
    }

    /// The stream of its events.
    #[must_use]
    pub fn stream(&self) -> String {
        match self {
            Self::Thread(id) => thread_stream(id),
            Self::Run(id) => run_stream(id),
            Self::Session(id) => format!("session/{id}"),
            Self::SessionStarts(project_id) => format!("session_starts/{project_id}"),
            Self::Batch(id) => format!("agent_event_batch/{id}"),
            Self::PullRequest(url) => format!("pull_request/{url}"),
        }
    }

    /// The identity behind a stream's name; empty when it has none.
    #[must_use]
    pub fn id_of(stream: &str) -> &str {
        stream.split_once('/').map_or("", |(_, id)| id)
    }
}

/// The queue topic of a command.
#[must_use]
pub fn topic_of(name: &str) -> String {
    format!("forum.commands.{name}")
}

/// The stream of a thread.
#[must_use]
pub fn thread_stream(thread_id: &str) -> String {
    format!("thread/{thread_id}")
}

/// The stream of a run.
#[must_use]
pub fn run_stream(run_id: &str) -> String {
    format!("run/{run_id}")
}
