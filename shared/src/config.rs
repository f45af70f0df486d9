//! Settings: where each comes from, what it may be, and the typed result. One table (`KEYS`) is the single source of names,
//! defaults, limits and help; flags, environment variables and the file are three spellings of it. Nothing else in the
//! workspace reads the environment.

mod checks;
mod database;
mod error;
mod file;
mod flags;
mod keys;
mod layers;
mod memory;
mod nearest;
mod parse;
mod platform;
mod private;
mod resolve;
mod runs;
mod sessions;
#[cfg(test)]
mod tests;
mod value;
mod words;
mod workers;

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::time::Duration;

pub use database::Database;
pub use error::ConfigError;
pub use flags::ConfigFlags;
pub use keys::{
    COMMAND_WAIT_MAX, CONTEXT_BUDGET_MAX, CONTEXT_LIMIT_MAX, KEYS, Key, Kind, LIST_LIMIT_MAX, SEARCH_LIMIT_MAX,
    STREAM_LIMIT_MAX,
};
pub use memory::{ContextLimits, Generation, Ingest, Jobs};
pub use parse::duration;
pub use platform::{lambda_name, streams_responses};
use private::Given;
pub use private::{Redis, Store, Token, masked_url};
pub use resolve::{Resolved, Setting, Source};
pub use runs::{Escalation, Guidance, Health, Operator};
pub use sessions::{Activity, Detecting, Notify, Probe, Reactions, Session, Webhooks};
pub use words::{AuthMode, LogFormat, ProviderKind, TransportKind};
pub use workers::{Delivery, Outbox, Shutdown, Worker};

/// Every setting of the process, checked. Made by [`Config::resolve`], [`Config::from_environment`] or [`Config::with`].
#[derive(Clone, Debug)]
pub struct Config {
    /// `addr`: where HTTP listens; port 0 takes a free one.
    pub addr: SocketAddr,
    /// `db`: the database.
    pub db: Database,
    /// `transport`: what carries messages between functions.
    pub transport: TransportKind,
    /// `redis.*`: the Redis transport.
    pub redis: Redis,
    /// `sqs.*`: the SQS transport.
    pub sqs: Sqs,
    /// `worker.*`: the drainer's steps.
    pub worker: Worker,
    /// `shutdown.*`: how long a clean stop waits.
    pub shutdown: Shutdown,
    /// `outbox.*`: publishing outbox rows.
    pub outbox: Outbox,
    /// `delivery.*`: handing messages to functions.
    pub delivery: Delivery,
    /// `log.*`: reading the event log, and the process's own log lines.
    pub log: Log,
    /// `live.*`: live streams.
    pub live: Live,
    /// `stream.*`: frames of live streams.
    pub stream: Stream,
    /// `list.*`: list endpoints.
    pub list: List,
    /// `thread.*`: the detail of one thread.
    pub thread: Thread,
    /// `command.*`: waiting for a command's outcome.
    pub command: Command,
    /// `commands.*`: stored commands.
    pub commands: Commands,
    /// `idempotency.*`: repeated requests.
    pub idempotency: Idempotency,
    /// `body.*`: request bodies.
    pub body: Body,
    /// `writer.*`: the one database writer.
    pub writer: Writer,
    /// `store.*`: database connections.
    pub store: Store,
    /// `reconcile.*`: the sweep that rings for unfinished rows.
    pub reconcile: Reconcile,
    /// `guidance.*`: questions with deadlines.
    pub guidance: Guidance,
    /// `escalation.*`: threads that wait too long.
    pub escalation: Escalation,
    /// `operator.*`: what an operator's interval counts with.
    pub operator: Operator,
    /// `health.*`: how agents of runs are judged.
    pub health: Health,
    /// `activity.*`: what agents report.
    pub activity: Activity,
    /// `session.*`: what sessions show.
    pub session: Session,
    /// `probe.*`: probing sessions.
    pub probe: Probe,
    /// `detecting.*`: finding out whether a session lives.
    pub detecting: Detecting,
    /// `ci.*`, `review.*`, `reactions.*`: what agents and people are told.
    pub reactions: Reactions,
    /// `notify.*`: how people are told outside.
    pub notify: Notify,
    /// `webhooks.*`: deliveries of other systems.
    pub webhooks: Webhooks,
    /// `integration.*`: what other systems are told.
    pub integration: Integration,
    /// `search.*`: finding threads.
    pub search: Search,
    /// `context.*`: what is found, as one text.
    pub context: ContextLimits,
    /// `ingest.*`: taking agent events.
    pub ingest: Ingest,
    /// `jobs.*`: durable work of the generation lanes.
    pub jobs: Jobs,
    /// `generation.*`: who makes observations.
    pub generation: Generation,
    /// `replay.*`: building a read model again.
    pub replay: Replay,
    /// `auth.*`: who may call.
    pub auth: Auth,
    settings: Vec<Setting>,
    flags: Given,
}

impl Config {
    /// Every setting with its effective value (secrets masked) and its source, in the order of [`KEYS`].
    #[must_use]
    pub fn settings(&self) -> &[Setting] {
        &self.settings
    }

    /// What was given as flags, as it was given: nothing is masked.
    #[must_use]
    pub fn flags(&self) -> &BTreeMap<&'static str, String> {
        &self.flags.0
    }
}

/// Settings `sqs.*`.
#[derive(Clone, Debug)]
pub struct Sqs {
    /// What the URLs of all queues begin with; the function's name follows. Set whenever the transport is SQS.
    pub url: Option<String>,
}

/// Settings `log.*`.
#[derive(Clone, Debug)]
pub struct Log {
    /// Events read from the event log at once.
    pub page: u32,
    /// Form of the process's log lines; `None` leaves it to the caller: text on a terminal, else JSON.
    pub format: Option<LogFormat>,
    /// Least severe level logged, or filter directives such as `info,shared=debug`.
    pub level: String,
}

/// Settings `live.*`.
#[derive(Clone, Debug)]
pub struct Live {
    /// Events of the log's tail kept in memory.
    pub ring: usize,
    /// Time between two heartbeats.
    pub heartbeat: Duration,
    /// Longest life of a stream that a deployed function sends.
    pub deployed: Duration,
    /// Longest wait of a stream whose response is buffered by the platform.
    pub buffered: Duration,
    /// Whether the platform passes a deployed function's response on as it comes.
    pub streaming: bool,
    /// How long a client may leave a frame unread before it is closed.
    pub stall: Duration,
}

/// Settings `stream.*`.
#[derive(Clone, Debug)]
pub struct Stream {
    /// Events per frame when a client names no limit; at most [`STREAM_LIMIT_MAX`].
    pub limit: u32,
}

/// Settings `list.*`.
#[derive(Clone, Debug)]
pub struct List {
    /// Items per page when a client names no limit; at most [`LIST_LIMIT_MAX`].
    pub limit: u32,
}

/// Settings `thread.*`.
#[derive(Clone, Debug)]
pub struct Thread {
    /// Latest posts shown in a thread's detail.
    pub posts: u32,
    /// Latest events shown in a thread's detail.
    pub events: u32,
}

/// Settings `command.*`.
#[derive(Clone, Debug)]
pub struct Command {
    /// How long a request waits for its command's outcome; at most [`COMMAND_WAIT_MAX`].
    pub wait: Duration,
}

/// Settings `commands.*`.
#[derive(Clone, Debug)]
pub struct Commands {
    /// How long applied commands that appended no event are kept.
    pub keep_eventless: Duration,
}

/// Settings `idempotency.*`.
#[derive(Clone, Debug)]
pub struct Idempotency {
    /// How long a key is remembered, unless its command is pruned before.
    pub keep: Duration,
}

/// Settings `body.*`.
#[derive(Clone, Debug)]
pub struct Body {
    /// Largest request body, in bytes.
    pub limit: usize,
    /// Largest batch of agent events, in bytes.
    pub batch: usize,
    /// Largest webhook delivery, in bytes.
    pub webhook: usize,
}

/// Settings `writer.*`.
#[derive(Clone, Debug)]
pub struct Writer {
    /// Commits that may wait for the writer; one more is refused with 503.
    pub queue: usize,
    /// Commits that may share one transaction.
    pub batch_max: usize,
}

/// Settings `reconcile.*`.
#[derive(Clone, Debug)]
pub struct Reconcile {
    /// Time between two sweeps.
    pub interval: Duration,
}

/// Settings `integration.*`.
#[derive(Clone, Debug)]
pub struct Integration {
    /// Whether answers and closes ask for documentation.
    pub docs_sync: bool,
}

/// Settings `search.*`.
#[derive(Clone, Debug)]
pub struct Search {
    /// Threads per page when a client names no limit; at most [`SEARCH_LIMIT_MAX`].
    pub limit: u32,
    /// Newest matches that are ranked.
    pub matches_max: u32,
}

/// Settings `replay.*`.
#[derive(Clone, Debug)]
pub struct Replay {
    /// How long a projector works on a replay before it lets others go first.
    pub slice: Duration,
}

/// Settings `auth.*`.
#[derive(Clone, Debug)]
pub struct Auth {
    /// How callers prove who they are.
    pub mode: AuthMode,
    /// How long a printed login link works.
    pub login_ttl: Duration,
    /// How long a login cookie works.
    pub cookie: Duration,
    /// Whether requests without a key from this machine are the owner's.
    pub local_dev: bool,
    /// Requests per second of a key that has no limit of its own; 0 is none.
    pub rate_limit: u32,
}
