//! What every function is handed: configuration, time, ids, the store, the transport, the live tail, metrics. Built once
//! per process, in one place.

use std::sync::Arc;

use crate::auth::{Rates, Refusals};
use crate::clock::Clock;
use crate::config::{Config, TransportKind, masked_url};
use crate::generation::{Provider, ProviderError};
use crate::id::Ids;
use crate::live::{Bells, Tail};
use crate::probe::{Probes, Runtime};
use crate::readiness::Readiness;
use crate::slots::Slots;
use crate::store::{Context, Publishing, Run, Store, StoreError};
use crate::telemetry::Metrics;
use crate::transport::{Backend, Memory, Redis, RedisSettings, Sqs, SqsSettings, Subscription, TransportError};
use crate::worker::Worker;

/// The context of a process. Clones share everything.
#[derive(Clone)]
pub struct Ctx(Arc<Parts>);

/// What a [`Ctx`] holds.
pub struct Parts {
    /// Settings.
    pub config: Config,
    /// Time.
    pub clock: Clock,
    /// Ids and randomness.
    pub ids: Ids,
    /// The database.
    pub store: Store,
    /// Doorbells between functions.
    pub transport: Backend,
    /// The log's tail.
    pub tail: Tail,
    /// Bells for waiting requests.
    pub bells: Bells,
    /// Metrics.
    pub metrics: Metrics,
    /// How the drainer is doing.
    pub worker: Worker,
    /// Whether the process has caught up.
    pub readiness: Readiness,
    /// Who publishes what commits leave in the outbox.
    pub publishing: Publishing,
    /// Runtimes that this process can probe.
    pub probes: Probes,
    /// Who makes observations.
    pub provider: Provider,
    /// Lanes that this process works on now.
    pub slots: Slots,
    /// How often keys ask.
    pub rates: Rates,
    /// Which refusals the audit trail was told of.
    pub refusals: Refusals,
}

impl std::ops::Deref for Ctx {
    type Target = Parts;

    fn deref(&self) -> &Parts {
        &self.0
    }
}

/// Why a context could not be built.
#[derive(Debug, thiserror::Error)]
pub enum CtxError {
    /// The database could not be opened.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The operating system has no randomness.
    #[error("the operating system gives no random numbers")]
    Random(#[from] rand::rngs::SysError),
    /// The transport does not answer.
    #[error("cannot use the transport at {address}")]
    Transport {
        /// Where it should be, without credentials.
        address: String,
        /// Why.
        #[source]
        source: TransportError,
    },
    /// The provider of generation cannot be asked.
    #[error("cannot use the provider of generation")]
    Provider(#[from] ProviderError),
    /// Metrics could not be registered.
    #[error("metrics could not be registered")]
    Metrics(#[from] prometheus::Error),
}

/// Where time and randomness come from, and where the store runs.
#[derive(Clone, Debug)]
pub struct Sources {
    /// Time.
    pub clock: Clock,
    /// Seed of ids and randomness; `None` takes the operating system's.
    pub seed: Option<u64>,
    /// Threads, or everything inline.
    pub run: Run,
    /// Who publishes what commits leave in the outbox.
    pub publishing: Publishing,
    /// Runtimes that can be probed.
    pub runtimes: &'static [Runtime],
}

impl Sources {
    /// The real ones.
    #[must_use]
    pub fn system() -> Self {
        Self { clock: Clock::System, seed: None, run: Run::Threads, publishing: Publishing::ByDrainer, runtimes: &[] }
    }
}

impl Ctx {
    /// Builds the context of a process: opens the store and the transport that the configuration names.
    ///
    /// # Errors
    /// When a part cannot be opened; nothing takes its place.
    pub async fn build(config: Config, sources: Sources, subscriptions: Vec<Subscription>) -> Result<Self, CtxError> {
        let Sources { clock, seed, run, publishing, runtimes } = sources;
        let ids = match seed {
            Some(seed) => Ids::seeded(clock.clone(), seed),
            None => Ids::from_system(clock.clone())?,
        };
        let metrics = Metrics::new()?;
        let provider = Provider::of(&config.generation)?;
        // Boxed: what it takes to reach a server is large, and part of everything that builds a context.
        let store = Box::pin(Store::open(&config, (run, publishing), &clock, &ids, &metrics)).await?;
        let transport = match Box::pin(transport(&config, &clock, &store, subscriptions, publishing)).await {
            Ok(transport) => transport,
            Err(error) => {
                store.close().await;
                return Err(error);
            }
        };
        let tail = Tail::new(&store, &metrics, config.live.ring, config.log.page);
        let worker = Worker::new(clock.now());
        // Beside a server's database agents may run on any machine: what is not found here is not gone.
        let is_local = store.is_local();
        let bells = Bells::default();
        Ok(Self(Arc::new(Parts {
            config,
            clock,
            ids,
            store,
            transport,
            tail,
            bells,
            metrics,
            worker,
            readiness: Readiness::default(),
            publishing,
            probes: Probes::of(if is_local { runtimes } else { &[] }),
            provider,
            slots: Slots::default(),
            rates: Rates::default(),
            refusals: Refusals::default(),
        })))
    }

    /// Whether this process is one function of a deployment, and no other runs beside it.
    #[must_use]
    pub fn is_deployed(&self) -> bool {
        self.publishing == Publishing::ByItself
    }

    /// The context of a commit by the function `name` that no request stands behind.
    #[must_use]
    pub fn housekeeping(&self, name: &str) -> Context {
        Context::housekeeping(name, self.clock.now())
    }

    /// The same for a commit in which the database may write events.
    #[must_use]
    pub fn authoring(&self, name: &str) -> Context {
        Context { id_seed: self.ids.uuid().hyphenated().to_string(), ..self.housekeeping(name) }
    }

    /// Whether somebody outside is told of notifications: a command does that, in the harness.
    #[must_use]
    pub fn notifies(&self) -> bool {
        self.config.notify.command.is_some() && !self.is_deployed()
    }
}

async fn transport(
    config: &Config,
    clock: &Clock,
    store: &Store,
    subscriptions: Vec<Subscription>,
    publishing: Publishing,
) -> Result<Backend, CtxError> {
    let (visibility, receive_max) = (config.delivery.visibility, config.delivery.receive_max);
    match config.transport {
        TransportKind::Memory => {
            Ok(Backend::Memory(Memory::new(clock.clone(), visibility, receive_max, subscriptions)))
        }
        TransportKind::Redis => {
            let redis = &config.redis;
            let settings = RedisSettings {
                url: redis.url.clone(),
                prefix: format!("{}:{}", redis.stream, store.database_id()),
                group: redis.group.clone(),
                consumer: redis.consumer.clone().unwrap_or_else(own_name),
                visibility,
                receive_max,
            };
            let connected = Redis::connect(settings, subscriptions).await;
            let failed = |source| CtxError::Transport { address: masked_url(&redis.url), source };
            connected.map(Backend::Redis).map_err(failed)
        }
        TransportKind::Sqs => {
            let url = config.sqs.url.clone().unwrap_or_default();
            let address = masked_url(&url);
            let sqs = Sqs::new(SqsSettings { url, visibility, receive_max }, subscriptions).await;
            // A deployed function begins without a question: its first publication tells.
            if publishing == Publishing::ByDrainer {
                sqs.check_queues().await.map_err(|source| CtxError::Transport { address, source })?;
            }
            Ok(Backend::Sqs(sqs))
        }
    }
}

/// Names this process among the consumers of a group.
fn own_name() -> String {
    let host = nix::unistd::gethostname().ok().and_then(|host| host.into_string().ok());
    format!("{}-{}", host.unwrap_or_else(|| "unknown".to_owned()), std::process::id())
}
