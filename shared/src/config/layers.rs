//! The sources above one another, and the `Config` they amount to.

use std::collections::BTreeMap;
use std::path::PathBuf;

use super::error::ConfigError;
use super::file::Contents;
use super::keys::{KEYS, Key, Kind};
use super::nearest::nearest;
use super::resolve::{Setting, Source};
use super::value::{FromValue, Value};
use super::words::AuthMode;
use super::{
    Activity, Auth, Body, Command, Commands, Config, ContextLimits, Delivery, Detecting, Escalation, Generation, Given,
    Guidance, Health, Idempotency, Ingest, Integration, Jobs, List, Live, Log, Notify, Operator, Outbox, Probe,
    Reactions, Reconcile, Redis, Replay, Search, Session, Shutdown, Sqs, Store, Stream, Thread, Token, Webhooks,
    Worker, Writer,
};

/// What the variables of settings begin with.
pub(super) const PREFIX: &str = "AGENTFORUM_";
/// Names the configuration file.
pub(super) const FILE_VARIABLE: &str = "AGENTFORUM_CONFIG";
/// Variables of the client and of the test runs: known, though no settings of a server.
const OTHER_VARIABLES: &[&str] = &[
    FILE_VARIABLE,
    "AGENTFORUM_KEY",
    "AGENTFORUM_PROJECT",
    "AGENTFORUM_REQUIRE_ALL",
    "AGENTFORUM_SERVER",
    "AGENTFORUM_SKIPPED_LOG",
    "AGENTFORUM_TIMEOUT",
];

/// The setting an environment variable names.
pub(super) fn find_variable(variable: &str) -> Option<&'static Key> {
    KEYS.iter().find(|key| key.environment() == variable)
}

/// The texts of each source, by key.
#[derive(Default)]
pub(super) struct Layers {
    flags: BTreeMap<&'static str, String>,
    environment: BTreeMap<&'static str, String>,
    pub(super) file: Option<Contents>,
    pub(super) warnings: Vec<String>,
}

impl Layers {
    pub(super) fn add_flag(&mut self, name: &str, text: &str) -> Result<(), ConfigError> {
        let key = Key::find(name).ok_or_else(|| ConfigError::FindSetting {
            key: name.to_owned(),
            nearest: nearest(name, KEYS.iter().map(|key| key.name)),
        })?;
        self.flags.insert(key.name, text.to_owned());
        Ok(())
    }

    /// Sorts the variables into settings and warnings. The answer is the configuration file, if one is named.
    pub(super) fn add_environment(
        &mut self,
        environment: impl IntoIterator<Item = (String, String)>,
    ) -> Option<PathBuf> {
        let mut named_file = None;
        for (name, text) in environment {
            if let Some(key) = find_variable(&name) {
                self.environment.insert(key.name, text);
            } else if name == FILE_VARIABLE {
                named_file = Some(PathBuf::from(text));
            } else if name.starts_with(PREFIX) && !OTHER_VARIABLES.contains(&name.as_str()) {
                let candidates: Vec<String> = KEYS.iter().map(Key::environment).collect();
                let hint = nearest(&name, candidates.iter().map(String::as_str));
                let hint = hint.map_or_else(String::new, |hint| format!("; did you mean {hint}?"));
                self.warnings.push(format!("the environment variable {name} names no setting and is ignored{hint}"));
            }
        }
        self.warnings.sort();
        named_file
    }

    /// The value of the strongest source. The weaker ones are checked as well: a wrong value does not hide behind a right one.
    pub(super) fn entry(&self, key: &'static Key) -> Result<Entry, ConfigError> {
        let from_flag = self.flags.get(key.name).map(|text| (text, Source::Flag));
        let from_environment = self.environment.get(key.name).map(|text| (text, Source::Environment));
        let from_file =
            self.file.as_ref().and_then(|it| Some((it.texts.get(key.name)?, Source::File(it.file.clone()))));
        let mut strongest = None;
        for (text, source) in [from_flag, from_environment, from_file].into_iter().flatten() {
            let value = key.kind.parse(text).ok_or_else(|| key.refuse(text, &source))?;
            strongest.get_or_insert(Entry { key, value, text: text.trim().to_owned(), source });
        }
        if let Some(entry) = strongest {
            return Ok(entry);
        }
        let value = if key.default.is_empty() { Some(Value::Derived) } else { key.kind.parse(key.default) };
        let value = value.ok_or_else(|| key.refuse(key.default, &Source::Default))?;
        Ok(Entry { key, value, text: key.default.to_owned(), source: Source::Default })
    }

    /// The typed settings, checked one by one and against each other.
    pub(super) fn config(&self) -> Result<Config, ConfigError> {
        let entries = Entries(KEYS.iter().map(|key| self.entry(key)).collect::<Result<_, _>>()?);
        entries.check_ceiling("outbox.backoff", "outbox.backoff_max")?;
        entries.check_ceiling("delivery.backoff", "delivery.backoff_max")?;
        entries.check_ceiling("health.idle", "health.stalled")?;
        entries.check_ceiling("jobs.backoff", "jobs.backoff_max")?;
        let mode = entries.auth_mode()?;
        entries.check_keyless(mode)?;
        entries.check_provider()?;
        entries.check_queues()?;
        Ok(Config {
            addr: entries.get("addr")?,
            db: entries.get("db")?,
            transport: entries.get("transport")?,
            redis: Redis {
                url: entries.get("redis.url")?,
                stream: entries.get("redis.stream")?,
                group: entries.get("redis.group")?,
                consumer: entries.get("redis.consumer")?,
            },
            sqs: Sqs { url: entries.get("sqs.url")? },
            worker: Worker::of(&entries)?,
            shutdown: Shutdown { timeout: entries.get("shutdown.timeout")?, workers: entries.get("shutdown.workers")? },
            outbox: Outbox::of(&entries)?,
            delivery: Delivery::of(&entries)?,
            log: Log {
                page: entries.get("log.page")?,
                format: entries.get("log.format")?,
                level: entries.get("log.level")?,
            },
            live: Live {
                ring: entries.get("live.ring")?,
                heartbeat: entries.get("live.heartbeat")?,
                deployed: entries.get("live.deployed")?,
                buffered: entries.get("live.buffered")?,
                streaming: entries.get("live.streaming")?,
                stall: entries.get("live.stall")?,
            },
            stream: Stream { limit: entries.get("stream.limit")? },
            list: List { limit: entries.get("list.limit")? },
            thread: Thread { posts: entries.get("thread.posts")?, events: entries.get("thread.events")? },
            command: Command { wait: entries.get("command.wait")? },
            commands: Commands { keep_eventless: entries.get("commands.keep_eventless")? },
            idempotency: Idempotency { keep: entries.get("idempotency.keep")? },
            body: Body {
                limit: entries.get("body.limit")?,
                batch: entries.get("body.batch")?,
                webhook: entries.get("body.webhook")?,
            },
            writer: Writer { queue: entries.get("writer.queue")?, batch_max: entries.get("writer.batch_max")? },
            store: Store {
                readers: entries.get("store.readers")?,
                busy_timeout: entries.get("store.busy_timeout")?,
                remote_timeout: entries.get("store.remote_timeout")?,
                token: Token { text: entries.get("store.token")?, secret: entries.get("store.token_secret")? },
                query_timeout: entries.get("store.query_timeout")?,
            },
            reconcile: Reconcile { interval: entries.get("reconcile.interval")? },
            guidance: Guidance { sweep: entries.get("guidance.sweep")? },
            escalation: Escalation { tick: entries.get("escalation.tick")?, sla: entries.get("escalation.sla")? },
            operator: Operator {
                confirmations: entries.get("operator.confirmations")?,
                restarts: entries.get("operator.restarts")?,
                cooldown: entries.get("operator.cooldown")?,
                stale: entries.get("operator.stale")?,
            },
            health: Health {
                idle: entries.get("health.idle")?,
                stalled: entries.get("health.stalled")?,
                progress: entries.get("health.progress")?,
            },
            activity: Activity { coalesce: entries.get("activity.coalesce")? },
            session: Session { no_signal: entries.get("session.no_signal")? },
            probe: Probe::of(&entries)?,
            detecting: Detecting { reports: entries.get("detecting.reports")?, after: entries.get("detecting.after")? },
            reactions: Reactions::of(&entries)?,
            notify: Notify { command: entries.get("notify.command")? },
            webhooks: Webhooks { github_secret: entries.get("webhooks.github_secret")? },
            integration: Integration { docs_sync: entries.get("integration.docs_sync")? },
            search: Search { limit: entries.get("search.limit")?, matches_max: entries.get("search.matches_max")? },
            context: ContextLimits { limit: entries.get("context.limit")?, budget: entries.get("context.budget")? },
            ingest: Ingest { wait: entries.get("ingest.wait")?, batch_max: entries.get("ingest.batch_max")? },
            jobs: Jobs::of(&entries)?,
            generation: Generation::of(&entries)?,
            replay: Replay { slice: entries.get("replay.slice")? },
            auth: Auth {
                mode,
                login_ttl: entries.get("auth.login_ttl")?,
                cookie: entries.get("auth.cookie")?,
                local_dev: entries.get("auth.local_dev")?,
                rate_limit: entries.get("auth.rate_limit")?,
            },
            settings: entries.0.iter().map(|entry| entry.setting(mode)).collect(),
            flags: Given(entries.0.iter().filter_map(Entry::given_as_flag).collect()),
        })
    }
}

/// A setting's value and where it came from.
pub(super) struct Entry {
    pub(super) key: &'static Key,
    value: Value,
    pub(super) text: String,
    pub(super) source: Source,
}

impl Entry {
    pub(super) fn take<T: FromValue>(&self) -> Result<T, ConfigError> {
        T::from_value(&self.value).ok_or(ConfigError::TakeValue { key: self.key.name })
    }

    fn given_as_flag(&self) -> Option<(&'static str, String)> {
        (self.source == Source::Flag).then(|| (self.key.name, self.text.clone()))
    }

    fn setting(&self, mode: AuthMode) -> Setting {
        let value = match (self.key.kind, &self.value) {
            (Kind::Secret, Value::Text(_)) => "***".to_owned(),
            (Kind::Url(_), Value::Text(url)) => super::masked_url(url),
            (_, Value::Database(database)) => database.to_string(),
            (_, Value::Address(address)) => address.to_string(),
            (_, Value::Number(number)) => number.to_string(),
            (_, Value::Derived) if self.key.name == "auth.mode" => mode.as_str().to_owned(),
            _ => self.text.clone(),
        };
        Setting { key: self.key.name, value, source: self.source.clone() }
    }
}

/// All settings, in the order of the table.
pub(super) struct Entries(Vec<Entry>);

impl Entries {
    pub(super) fn find(&self, name: &'static str) -> Result<&Entry, ConfigError> {
        self.0.iter().find(|entry| entry.key.name == name).ok_or(ConfigError::TakeValue { key: name })
    }

    pub(super) fn all(&self) -> impl Iterator<Item = &Entry> {
        self.0.iter()
    }

    pub(super) fn get<T: FromValue>(&self, name: &'static str) -> Result<T, ConfigError> {
        self.find(name)?.take()
    }
}

impl Key {
    /// The error for a text that is not of this kind.
    pub(super) fn refuse(&self, text: &str, source: &Source) -> ConfigError {
        self.refuse_for(text, source, self.kind.allowed())
    }

    pub(super) fn refuse_for(&self, text: &str, source: &Source, allowed: String) -> ConfigError {
        let given = match self.kind {
            Kind::Secret => "a secret".to_owned(),
            Kind::Url(_) => format!("{:?}", super::masked_url(text)),
            _ => format!("{text:?}"),
        };
        ConfigError::CheckValue { key: self.name, given, origin: source.describe(self), allowed }
    }
}

impl Source {
    /// The source in an error's sentence: "from the flag --addr".
    pub(super) fn describe(&self, key: &Key) -> String {
        match self {
            Self::Flag => format!("the flag --{}", key.flag()),
            Self::Environment => format!("the environment variable {}", key.environment()),
            Self::File(file) => format!("the file {}", file.display()),
            Self::Default => "the default".to_owned(),
        }
    }
}
