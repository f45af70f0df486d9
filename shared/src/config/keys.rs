//! The table of all settings. A row here is a flag, an environment variable, a line of the file, a line of `--help` and a
//! line of `agentforum config`; the struct in the parent module gives it a type.

use std::time::Duration;

use super::words::{AuthMode, LogFormat, ProviderKind, TransportKind};

/// Most events a client may ask for per frame of a live stream.
pub const STREAM_LIMIT_MAX: u32 = 500;
/// Most items a client may ask for per page of a list.
pub const LIST_LIMIT_MAX: u32 = 200;
/// Most threads a client may ask for per page of a search.
pub const SEARCH_LIMIT_MAX: u32 = 100;
/// Most items a client may ask for in one context.
pub const CONTEXT_LIMIT_MAX: u32 = 50;
/// Most characters a client may ask for in one context.
pub const CONTEXT_BUDGET_MAX: u32 = 100_000;
/// Longest a request may wait for its command's outcome.
pub const COMMAND_WAIT_MAX: Duration = Duration::from_secs(30);

/// No duration may be longer: ten years, far inside what clocks and stored milliseconds can hold.
const LONGEST: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// One setting.
#[derive(Clone, Copy, Debug)]
pub struct Key {
    /// `section.name`, or a plain name for the few settings everybody meets.
    pub name: &'static str,
    /// The value when no source names one, in the spelling of the file; empty when it is derived.
    pub default: &'static str,
    /// What values are allowed.
    pub kind: Kind,
    /// One sentence for help, with the unit.
    pub doc: &'static str,
}

/// What values a setting takes.
#[derive(Clone, Copy, Debug)]
pub enum Kind {
    /// An IP address and port.
    Address,
    /// A database: a file, or the URL of a libSQL server, which is shown with host and port only.
    Database,
    /// An integer with a unit, no longer than `max`.
    Duration {
        /// Whether zero means something, such as "do not wait".
        zero: bool,
        /// Longest allowed.
        max: Duration,
    },
    /// A whole number, both ends allowed.
    Integer {
        /// Smallest allowed.
        min: u64,
        /// Largest allowed.
        max: u64,
    },
    /// A number of bytes, both ends allowed.
    Size {
        /// Fewest bytes allowed.
        min: u64,
        /// Most bytes allowed.
        max: u64,
    },
    /// `true` or `false`.
    Bool,
    /// One of these words.
    Words(&'static [&'static str]),
    /// Text that is not empty.
    Text,
    /// The URL of a server; shown with host and port only.
    Url(Address),
    /// Text that is never shown and has no flag, since other users of a machine see the flags of a process.
    Secret,
}

/// What servers a URL may name.
#[derive(Clone, Copy, Debug)]
pub enum Address {
    /// A Redis server, or the word for starting one.
    Redis,
    /// What the URLs of SQS queues begin with.
    Queues,
    /// A provider of generation.
    Provider,
}

impl Key {
    /// The row of this name.
    #[must_use]
    pub fn find(name: &str) -> Option<&'static Self> {
        KEYS.iter().find(|key| key.name == name)
    }

    /// The flag without its dashes: `outbox.backoff_max` is `outbox-backoff-max`.
    #[must_use]
    pub fn flag(&self) -> String {
        self.name.replace(['.', '_'], "-")
    }

    /// The environment variable: `outbox.backoff_max` is `AGENTFORUM_OUTBOX_BACKOFF_MAX`.
    #[must_use]
    pub fn environment(&self) -> String {
        format!("AGENTFORUM_{}", self.name.replace('.', "_").to_ascii_uppercase())
    }
}

/// A duration that must be longer than zero.
const fn positive() -> Kind {
    Kind::Duration { zero: false, max: LONGEST }
}

/// A duration for which zero means "at once".
const fn from_zero() -> Kind {
    Kind::Duration { zero: true, max: LONGEST }
}

const fn integer(min: u64, max: u64) -> Kind {
    Kind::Integer { min, max }
}

const fn key(name: &'static str, default: &'static str, kind: Kind, doc: &'static str) -> Key {
    Key { name, default, kind, doc }
}

/// Every setting, in the order `agentforum config` shows them.
pub static KEYS: &[Key] = &[
    key("addr", "127.0.0.1:3001", Kind::Address, "Address and port HTTP listens on; port 0 takes a free one"),
    key(
        "db",
        ".agentforum/agentforum.db",
        Kind::Database,
        "Database: a file, created when it is missing, or a libsql:// or http(s):// URL",
    ),
    key("transport", "memory", Kind::Words(TransportKind::WORDS), "What carries messages between functions"),
    key(
        "redis.url",
        "redis://127.0.0.1:6379/0",
        Kind::Url(Address::Redis),
        "Redis server, or `container` to start one with Docker",
    ),
    key("redis.stream", "agentforum", Kind::Text, "What the names of all streams begin with"),
    key("redis.group", "agentforum", Kind::Text, "What the names of all consumer groups begin with"),
    key("redis.consumer", "", Kind::Text, "Name of this process among the consumers; host and process id if unset"),
    key(
        "sqs.url",
        "",
        Kind::Url(Address::Queues),
        "What the URLs of all queues begin with; the function's name follows",
    ),
    key("worker.interval", "500ms", positive(), "Time between two steps of the drainer"),
    key("worker.batch_size", "100", integer(1, 10_000), "Outbox rows the drainer claims per step"),
    key("worker.log_period", "15s", positive(), "Time between two log lines with the worker's figures"),
    key("shutdown.timeout", "5s", from_zero(), "Longest wait for open requests when stopping"),
    key("shutdown.workers", "2s", from_zero(), "Longest wait for running functions when stopping"),
    key("outbox.lease", "60s", positive(), "How long a claimed outbox row belongs to its claimer"),
    key("outbox.backoff", "1s", from_zero(), "Wait after the first failed publish, doubled after each further one"),
    key("outbox.backoff_max", "60s", positive(), "Longest wait between two publishes of one outbox row"),
    key("outbox.max_attempts", "10", integer(1, 1_000), "Failed publishes after which an outbox row is dead"),
    key("outbox.keep_sent", "1h", positive(), "How long sent outbox rows are kept"),
    key("delivery.max_attempts", "5", integer(1, 1_000), "Attempts of a handler before its message is a dead letter"),
    key("delivery.visibility", "60s", positive(), "How long a received message stays hidden from other receivers"),
    key("delivery.receive_max", "50", integer(1, 1_000), "Deliveries after which the transport gives a message up"),
    key("delivery.backoff", "1s", from_zero(), "Wait after the first failed attempt, doubled after each further one"),
    key("delivery.backoff_max", "60s", positive(), "Longest wait between two attempts at one message"),
    key("log.page", "512", integer(1, 10_000), "Events read from the event log at once"),
    key("live.ring", "4096", integer(1, 1_048_576), "Events of the log's tail kept in memory for live streams"),
    key("live.heartbeat", "25s", positive(), "Time between two heartbeats of a live stream"),
    key("live.deployed", "14m", positive(), "Longest life of a deployed live stream; the client resumes"),
    key("live.buffered", "25s", positive(), "Longest wait of a live stream whose response is buffered"),
    key("live.streaming", "true", Kind::Bool, "Whether the deployed function's responses are streamed"),
    key("live.stall", "30s", positive(), "How long a client may leave a live frame unread before it is closed"),
    key(
        "stream.limit",
        "100",
        integer(1, STREAM_LIMIT_MAX as u64),
        "Events per live frame when a client names no limit",
    ),
    key("list.limit", "50", integer(1, LIST_LIMIT_MAX as u64), "Items per list page when a client names no limit"),
    key("thread.posts", "200", integer(1, 10_000), "Latest posts shown in a thread's detail"),
    key("thread.events", "500", integer(1, 10_000), "Latest events shown in a thread's detail"),
    key(
        "command.wait",
        "5s",
        Kind::Duration { zero: true, max: COMMAND_WAIT_MAX },
        "How long a request waits for its command's outcome",
    ),
    key("body.limit", "1MiB", Kind::Size { min: 1_024, max: 1 << 30 }, "Largest request body, in bytes"),
    key("body.batch", "8MiB", Kind::Size { min: 1_024, max: 1 << 30 }, "Largest batch of agent events, in bytes"),
    key("body.webhook", "25MiB", Kind::Size { min: 1_024, max: 1 << 30 }, "Largest webhook delivery, in bytes"),
    key("writer.queue", "1024", integer(1, 1_000_000), "Commits that may wait for the database writer"),
    key("writer.batch_max", "256", integer(1, 10_000), "Commits that may share one database transaction"),
    key("store.readers", "8", integer(1, 128), "Database connections for reading"),
    key("store.busy_timeout", "5s", positive(), "How long a database connection waits for a lock"),
    key("store.remote_timeout", "5s", positive(), "How long a libSQL server may take to answer a query"),
    key("store.token", "", Kind::Secret, "Token for the libSQL server"),
    key("store.token_secret", "", Kind::Text, "Name or ARN of the AWS secret that holds the token"),
    key("store.query_timeout", "5s", positive(), "How long a query may run before it is interrupted"),
    key("reconcile.interval", "30s", positive(), "Time between two sweeps that ring for unfinished rows"),
    key("guidance.sweep", "5s", positive(), "Time between two looks for deadlines that have passed"),
    key("escalation.tick", "5s", positive(), "Time between two looks for threads that wait too long"),
    key("escalation.sla", "30m", positive(), "How long a waiting thread may go untouched before it asks for attention"),
    key("operator.confirmations", "2", integer(1, 100), "Intervals in a row that must agree before the operator acts"),
    key("operator.restarts", "3", integer(0, 1000), "Restarts the operator may use per run"),
    key("operator.cooldown", "60s", from_zero(), "Pause between two restarts by the operator"),
    key("operator.stale", "3600s", positive(), "How long a run with unhealthy agents may go untouched"),
    key("health.idle", "300s", positive(), "Silence after which an agent counts as idle"),
    key("health.stalled", "900s", positive(), "Silence after which an agent counts as stalled"),
    key("health.progress", "1200s", positive(), "Time without progress after which an agent counts as stalled"),
    key("activity.coalesce", "5s", from_zero(), "How long a report of unchanged activity is not recorded again"),
    key("session.no_signal", "90s", positive(), "Silence after its launch after which a session has no signal"),
    key("probe.interval", "5s", positive(), "Time between two probes of all sessions"),
    key("probe.recent_activity", "60s", from_zero(), "An agent that was heard of since is not dead"),
    key("probe.mass_death_min", "5", integer(1, 1_000_000), "Dead sessions of one pass that may not be believed"),
    key(
        "probe.mass_death_share",
        "50",
        integer(1, 100),
        "Their share of the pass, in percent, above which they are not",
    ),
    key("detecting.reports", "3", integer(1, 1000), "Reports with the same evidence after which a session is stuck"),
    key("detecting.after", "5m", positive(), "How long it may take to find out whether a session lives"),
    key("ci.brake", "3", integer(1, 1000), "Commits in a row that fail a check before a person is told"),
    key("review.max_nudges", "3", integer(1, 1000), "Nudges about a review before a person is told"),
    key("reactions.escalate_after", "15m", positive(), "How long a nudge may take to help before a person is told"),
    key("reactions.ignore_bots", "false", Kind::Bool, "Whether review comments by programs are left out"),
    key("notify.command", "", Kind::Text, "Command that `up` runs for each notification, through the shell"),
    key("webhooks.github_secret", "", Kind::Secret, "Secret of GitHub webhooks for projects without one of their own"),
    key("commands.keep_eventless", "24h", positive(), "How long applied commands that changed nothing are kept"),
    key("idempotency.keep", "30d", positive(), "How long an idempotency key is remembered"),
    key("integration.docs_sync", "true", Kind::Bool, "Whether answers and closes ask for documentation"),
    key("search.limit", "20", integer(1, SEARCH_LIMIT_MAX as u64), "Threads per page of a search"),
    key("search.matches_max", "5000", integer(1, 100_000), "Newest matches that a search ranks"),
    key("context.limit", "10", integer(1, CONTEXT_LIMIT_MAX as u64), "Items of a context when a client names no limit"),
    key(
        "context.budget",
        "8000",
        integer(200, CONTEXT_BUDGET_MAX as u64),
        "Characters of a context when a client names no budget",
    ),
    key("ingest.wait", "30s", from_zero(), "How long a request may wait for the jobs that its events cause"),
    key("ingest.batch_max", "500", integer(1, 500), "Most agent events of one batch"),
    key("jobs.max_attempts", "3", integer(1, 100), "Attempts after which a job is given up"),
    key(
        "jobs.backoff",
        "5s",
        from_zero(),
        "Wait after a job's first failed attempt, five times as long after each other",
    ),
    key("jobs.backoff_max", "10m", positive(), "Longest wait between two attempts at one job"),
    key("jobs.lease", "5m", positive(), "How long a claimed job belongs to its lane"),
    key("jobs.claim_max", "100", integer(1, 1_000), "Jobs that a lane claims at once"),
    key("generation.provider", "extractive", Kind::Words(ProviderKind::WORDS), "Who makes observations"),
    key("generation.model", "", Kind::Text, "Model of the provider"),
    key("generation.url", "", Kind::Url(Address::Provider), "Where the provider is"),
    key("generation.key", "", Kind::Secret, "Key for the provider"),
    key("generation.key_secret", "", Kind::Text, "Name or ARN of the AWS secret that holds the key"),
    key("generation.timeout", "60s", positive(), "How long one request to the provider may take"),
    key("generation.concurrency", "4", integer(1, 64), "Requests of one lane to the provider at once"),
    key("generation.max_tokens", "4096", integer(256, 64_000), "Most tokens of a provider's answer"),
    key("generation.input_price", "0", integer(0, 1_000_000), "US cents per million tokens that the provider reads"),
    key("generation.output_price", "0", integer(0, 1_000_000), "US cents per million tokens that the provider writes"),
    key("replay.slice", "50ms", positive(), "How long a projector works on a replay before others go first"),
    key(
        "auth.mode",
        "",
        Kind::Words(AuthMode::WORDS),
        "Who may call; unset is `local` on a loopback addr, else `keys`",
    ),
    key(
        "auth.local_dev",
        "false",
        Kind::Bool,
        "Whether a local system serves requests without a key from this machine",
    ),
    key(
        "auth.rate_limit",
        "0",
        integer(0, 100_000),
        "Requests per second of a key that has no limit of its own; 0 is none",
    ),
    key("auth.login_ttl", "10m", positive(), "How long a printed login link works"),
    key("auth.cookie", "12h", positive(), "How long a login cookie works"),
    key(
        "log.format",
        "",
        Kind::Words(LogFormat::WORDS),
        "Form of log lines; unset is `text` on a terminal, else `json`",
    ),
    key("log.level", "info", Kind::Text, "Least severe level logged, or directives such as `info,shared=debug`"),
];
