//! What every function is handed: configuration, time, ids, the store, the transport, the live tail, metrics. Built once
//! per process, in one place.

use std::sync::Arc;

use crate::clock::Clock;
use crate::config::{Config, TransportKind};
use crate::id::Ids;
use crate::live::{Bells, Tail};
use crate::readiness::Readiness;
use crate::store::{Context, Run, Store, StoreError};
use crate::telemetry::Metrics;
use crate::transport::{Memory, Subscription};
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
    pub transport: Memory,
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
}

impl Sources {
    /// The real ones.
    #[must_use]
    pub fn system() -> Self {
        Self { clock: Clock::System, seed: None, run: Run::Threads }
    }
}

impl Ctx {
    /// Builds the context of a process: opens the store and the transport that the configuration names.
    ///
    /// # Errors
    /// When a part cannot be opened; nothing takes its place.
    pub fn build(config: Config, sources: Sources, subscriptions: Vec<Subscription>) -> Result<Self, CtxError> {
        let Sources { clock, seed, run } = sources;
        let ids = match seed {
            Some(seed) => Ids::seeded(clock.clone(), seed),
            None => Ids::from_system(clock.clone())?,
        };
        let metrics = Metrics::new()?;
        let store = Store::open(&config, run, &clock, &ids, &metrics)?;
        let transport = match config.transport {
            TransportKind::Memory => Memory::new(clock.clone(), config.delivery.visibility, subscriptions),
        };
        let tail = Tail::new(&store, &metrics, config.live.ring, config.log.page);
        let worker = Worker::new(clock.now());
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
        })))
    }

    /// The context of a commit by the function `name` that no request stands behind.
    #[must_use]
    pub fn housekeeping(&self, name: &str) -> Context {
        Context::housekeeping(name, self.clock.now())
    }
}
