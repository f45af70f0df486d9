//! The system as one value: start it, step it, wait until it is at rest, stop it in order.

use std::io;
use std::net::SocketAddr;
use std::time::Duration;

use shared::clock::Clock;
use shared::config::{AuthMode, Config, Database};
use shared::ctx::{Ctx, CtxError, Sources};
use shared::function::routes::subscriptions;
use shared::function::{Trigger, lane};
use shared::store::overview::{self, Overview};
use shared::store::reconcile;
use shared::store::{Lock, StoreError, make_directory};
use shared::telemetry::VERSION;
use shared::transport::Transport;
use tokio::net::TcpListener;
use tokio::task::{JoinHandle, JoinSet};
use tokio_util::sync::CancellationToken;

use crate::functions::TABLE;
use crate::runtime_files::{RuntimeFiles, Whereabouts};
use crate::server::Server;
use crate::{local, websocket, workers};

/// Who moves the system on.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pace {
    /// It runs by itself.
    Running,
    /// Only [`Harness::step`] and [`Harness::settle`] run functions: a test decides what happens when.
    Stepped,
}

/// Why the system did not start or come to rest.
#[derive(Debug, thiserror::Error)]
pub enum HarnessError {
    /// A part could not be opened.
    #[error(transparent)]
    Build(#[from] CtxError),
    /// The address is taken or not ours.
    #[error("cannot listen on {addr}")]
    Listen {
        /// Which.
        addr: SocketAddr,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// Runtime files could not be written.
    #[error("cannot write the runtime files")]
    RuntimeFiles(#[source] io::Error),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Something still waits.
    #[error("not at rest in time: {0}")]
    Unsettled(String),
}

/// A running system.
pub struct Harness {
    /// The context all functions share.
    pub ctx: Ctx,
    /// Where HTTP listens.
    pub addr: SocketAddr,
    /// `http://` and the address.
    pub url: String,
    /// A login link that works once; none unless `auth.mode=local`.
    pub login_url: Option<String>,
    pace: Pace,
    server: Server,
    tail: JoinHandle<()>,
    stop: CancellationToken,
    workers: JoinSet<()>,
    files: RuntimeFiles,
    lock: Option<Lock>,
}

/// How long a start waits for what an earlier process left unfinished.
const CATCH_UP_LIMIT: Duration = Duration::from_millis(1500);
/// How long the system may take to come to rest.
const SETTLE_LIMIT: Duration = Duration::from_secs(30);

impl Harness {
    /// Starts everything and returns once it is ready: the listener accepts, reconciliation ran, every lag was 0.
    ///
    /// # Errors
    /// When a part cannot start; nothing is left running and no file is left behind.
    pub async fn start(config: Config, sources: Sources, pace: Pace) -> Result<Self, HarnessError> {
        let listener = TcpListener::bind(config.addr)
            .await
            .map_err(|source| HarnessError::Listen { addr: config.addr, source })?;
        let lock = match &config.db {
            Database::File(_) => None,
            // The store locks a file; of a server's database what stands beside is locked: key, log, runtime files.
            Database::Server(_) => {
                make_directory(&config.db.place())?;
                Some(Lock::take(&config.db.place())?)
            }
        };
        let ctx = Ctx::build(config, sources, subscriptions()).await?;
        match Self::run(&ctx, listener, pace, lock).await {
            Ok(harness) => Ok(harness),
            Err(error) => {
                ctx.tail.end();
                ctx.transport.close().await;
                ctx.store.close().await;
                Err(error)
            }
        }
    }

    async fn run(ctx: &Ctx, listener: TcpListener, pace: Pace, lock: Option<Lock>) -> Result<Self, HarnessError> {
        let addr = listener.local_addr().map_err(|source| HarnessError::Listen { addr: ctx.config.addr, source })?;
        let url = format!("http://{addr}");
        let mut login_url = None;
        if ctx.config.auth.mode == AuthMode::Local {
            local::prepare(ctx).await?;
            login_url = Some(local::login_url(ctx, &url).await?);
        }
        workers::reconcile(ctx).await?;
        let runtime = Whereabouts {
            runtime: "agentforum".to_owned(),
            pid: std::process::id(),
            port: addr.port(),
            url: url.clone(),
            version: VERSION.to_owned(),
            started_at: ctx.clock.now().to_string(),
            db: ctx.config.db.to_string().into(),
            transport: ctx.config.transport.as_str().to_owned(),
            auth_mode: ctx.config.auth.mode.as_str().to_owned(),
            ..Whereabouts::default()
        };
        let runtime = runtime.started_with(&ctx.config);
        let files = RuntimeFiles::write(&ctx.config.db.place(), &runtime).map_err(HarnessError::RuntimeFiles)?;
        let tail = ctx.tail.clone();
        let tail = tokio::spawn(async move { tail.run().await });
        let stop = CancellationToken::new();
        let workers = match pace {
            Pace::Running => workers::start(ctx, &stop),
            Pace::Stepped => JoinSet::new(),
        };
        let router = api_http::finish(api_http::routes().merge(websocket::route()), ctx);
        let server = Server::start(listener, router);
        let harness = Self { ctx: ctx.clone(), addr, url, login_url, pace, server, tail, stop, workers, files, lock };
        if pace == Pace::Running
            && let Err(error) = harness.catch_up().await
        {
            harness.stop().await;
            return Err(error);
        }
        Ok(harness)
    }

    /// Waits until what an earlier process left is done. What takes long, or needs a person, does not hold up the start:
    /// `/readyz` says 503 until then.
    async fn catch_up(&self) -> Result<(), HarnessError> {
        match tokio::time::timeout(CATCH_UP_LIMIT, self.settle()).await {
            Ok(Ok(_)) => {}
            Ok(Err(error)) => return Err(error),
            Err(_) => tracing::warn!("started, and still catching up; see /readyz"),
        }
        Ok(())
    }

    /// Runs one round of a stepped system: the drainer once, then one batch of every queue. Whether anything moved.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn step(&self) -> Result<bool, HarnessError> {
        let before = self.ctx.worker.state().processed_total;
        for entry in TABLE.iter().filter(|entry| entry.trigger == Trigger::Commit) {
            if let Some(run) = entry.run {
                workers::step(&self.ctx, run).await;
            }
        }
        let mut moved = self.ctx.worker.state().processed_total > before;
        for entry in TABLE {
            moved |= self.step_function(entry.name).await?;
        }
        Ok(moved)
    }

    /// Hands one batch of its queue to the function `name`. Whether there was one.
    ///
    /// # Errors
    /// When the transport does not answer.
    pub async fn step_function(&self, name: &str) -> Result<bool, HarnessError> {
        let Some(entry) = TABLE.iter().find(|entry| entry.name == name) else { return Ok(false) };
        let (Some(run), Trigger::Command(_) | Trigger::Job(_) | Trigger::Reaction(_) | Trigger::Projection(_)) =
            (entry.run, entry.trigger)
        else {
            return Ok(false);
        };
        let received = self.ctx.transport.receive(name, 256, Duration::ZERO).await;
        let deliveries = received.map_err(|error| HarnessError::Unsettled(error.to_string()))?;
        let moved = !deliveries.is_empty();
        workers::handle(&self.ctx, name, run, deliveries).await;
        Ok(moved)
    }

    /// Returns once the system is at rest: every command finished, every row published, every projection at the head.
    ///
    /// # Errors
    /// [`HarnessError::Unsettled`] with what waits, when that does not come within 30 s.
    pub async fn settle(&self) -> Result<Overview, HarnessError> {
        let stopwatch = Clock::stopwatch();
        loop {
            if self.pace == Pace::Stepped {
                while self.step().await? {}
            }
            let now = self.ctx.clock.now();
            let lanes = lane::enabled(&self.ctx);
            let overview = self.ctx.store.read(move |reader| overview::read(reader, now, &lanes)).await?;
            if overview.at_rest() {
                return Ok(overview);
            }
            if stopwatch.elapsed() > SETTLE_LIMIT || self.pace == Pace::Stepped {
                return Err(HarnessError::Unsettled(format!("{overview:?}")));
            }
            self.something_moved().await;
        }
    }

    /// The next commit that a bell tells of, or a moment: projections' commits ring nowhere that all can hear.
    async fn something_moved(&self) {
        let mut bell = self.ctx.store.outbox_bell();
        let _ = tokio::time::timeout(Duration::from_millis(5), bell.changed()).await;
    }

    /// Stops in order: requests, functions, streams, writer, transport, files.
    pub async fn stop(mut self) {
        let shutdown = self.ctx.config.shutdown.clone();
        let streams = self.server.finish_requests(shutdown.timeout).await;
        self.stop.cancel();
        let ended = async { while self.workers.join_next().await.is_some() {} };
        if tokio::time::timeout(shutdown.workers, ended).await.is_err() {
            self.workers.abort_all();
            while self.workers.join_next().await.is_some() {}
        }
        let given_back = reconcile::give_back(&self.ctx.store, self.ctx.authoring("stop"));
        match tokio::time::timeout(shutdown.workers, given_back).await {
            Ok(Ok(())) => {}
            Ok(Err(error)) => tracing::warn!(%error, "leases could not be given back; the next start takes them"),
            Err(_) => tracing::warn!("leases could not be given back in time; the next start takes them"),
        }
        self.ctx.tail.end();
        streams.finish().await;
        if let Err(error) = self.tail.await {
            tracing::warn!(%error, "the live tail did not end by itself");
        }
        self.ctx.store.close().await;
        self.ctx.transport.close().await;
        self.files.remove();
        if let Some(Err(error)) = self.lock.map(Lock::release) {
            tracing::warn!(%error, "the lock file could not be cleared");
        }
    }

    /// What the supervisor watches: a function whose loop ended although nobody told it to.
    pub async fn a_worker_ended(&mut self) -> String {
        match self.workers.join_next().await {
            Some(Err(error)) => error.to_string(),
            Some(Ok(())) => "a function's loop ended by itself".to_owned(),
            None => std::future::pending().await,
        }
    }
}

impl std::fmt::Debug for Harness {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Harness").field("url", &self.url).field("pace", &self.pace).finish_non_exhaustive()
    }
}
