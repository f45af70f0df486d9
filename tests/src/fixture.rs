//! The parts without HTTP: a context over a database of its own, commands accepted as a request would, and functions that
//! run only when a test says so.

#![expect(clippy::missing_panics_doc, reason = "a fixture that cannot be made ends its test")]

mod acts;

use std::path::PathBuf;
use std::time::Duration;

use serde_json::Value;
use shared::auth::{LOCAL_PROJECT, LOCAL_TEAM};
use shared::clock::{Clock, Time};
use shared::config::Config;
use shared::ctx::{Ctx, Sources};
use shared::function::batch::Record;
pub use shared::function::routes::subscriptions;
use shared::id::{Ids, Kind};
use shared::message::command::OpenThread;
use shared::store::events::NewEvent;
use shared::store::{Author, Commit, CommitError, Context, Durability, Origin, Publishing, Receipt, Run, tenants};
use shared::transport::{Delivery, Subscription, Transport};
use shared::value::{Actor, ActorType, Scope};
use tempfile::TempDir;

use crate::services::sqld::{self, Sqld};
use crate::system::{NOON, execute_on, rows_of};

/// A context over a database in a directory of its own.
pub struct Fixture {
    directory: TempDir,
    /// The server that has the database, if none of the directory's files is it.
    pub server: Option<Sqld>,
    /// What functions are handed.
    pub ctx: Ctx,
}

/// The one tenant of most tests.
#[must_use]
pub fn tenant() -> Scope {
    Scope { team_id: LOCAL_TEAM.to_owned(), project_id: LOCAL_PROJECT.to_owned() }
}

/// The one actor of most tests.
#[must_use]
pub fn agent() -> Actor {
    Actor { actor_type: ActorType::Agent, actor_name: "ada".to_owned() }
}

/// Who changes something that no request asked for.
#[must_use]
pub fn author<'a>(scope: &'a Scope, actor: &'a Actor, now: Time, ids: &'a Ids) -> Author<'a> {
    let origin =
        Origin { key_id: None, request_id: "", correlation_id: "ev_test", causation_id: None, traceparent: None };
    Author { scope, actor, now, ids, first_event_id: None, docs_sync: true, generates: true, origin }
}

/// Runs `test` once over a file with threads and once over one without.
pub async fn over_both_files(test: impl AsyncFn(Fixture)) {
    for run in [Run::Threads, Run::Inline] {
        test(Fixture::over(run, &[]).await).await;
    }
}

/// Runs `test` over a file, with threads and without, and over a libSQL server.
pub async fn over_every_store(test: impl AsyncFn(Fixture)) {
    over_both_files(&test).await;
    if let Some(fixture) = Fixture::over_server(&[]).await {
        test(fixture).await;
    }
}

impl Fixture {
    /// The usual one: a store with threads, a fixed clock, seeded ids.
    pub async fn new() -> Self {
        Self::over(Run::Threads, &[]).await
    }

    /// One with other settings.
    pub async fn over(run: Run, settings: &[(&str, &str)]) -> Self {
        Self::subscribed(run, settings, subscriptions()).await
    }

    /// One whose transport has only these queues.
    pub async fn subscribed(run: Run, settings: &[(&str, &str)], subscriptions: Vec<Subscription>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self::in_directory(directory, run, settings, subscriptions, 1).await
    }

    /// One over a libSQL server of its own; nothing, said loudly, where there is none.
    pub async fn over_server(settings: &[(&str, &str)]) -> Option<Self> {
        Self::published_by(Publishing::ByDrainer, settings).await
    }

    /// One over a libSQL server of its own, whose commits claim what they leave in the outbox if they are to publish it.
    pub async fn published_by(publishing: Publishing, settings: &[(&str, &str)]) -> Option<Self> {
        let server = Sqld::start()?;
        let directory = tempfile::tempdir().expect("a temporary directory");
        let url = server.url();
        let mut pairs = vec![("db", url.as_str())];
        pairs.extend(settings);
        let config = Config::with(&pairs).expect("settings that are allowed");
        let sources =
            Sources { clock: Clock::fixed_at(NOON), seed: Some(1), run: Run::Threads, publishing, ..Sources::system() };
        Some(Self::built(directory, Some(server), config, sources, subscriptions()).await)
    }

    async fn built(
        directory: TempDir,
        server: Option<Sqld>,
        config: Config,
        sources: Sources,
        subscriptions: Vec<Subscription>,
    ) -> Self {
        let ctx = Ctx::build(config, sources, subscriptions).await.expect("a context");
        let fixture = Self { directory, server, ctx };
        let commit = Commit::new(Durability::Full, fixture.context()).then_all(tenants::ensure(&tenant()));
        fixture.ctx.store.commit(commit).await.expect("the tenant is stored");
        fixture
    }

    async fn in_directory(
        directory: TempDir,
        run: Run,
        settings: &[(&str, &str)],
        subscriptions: Vec<Subscription>,
        seed: u64,
    ) -> Self {
        let config = config_in(&directory, settings);
        let sources = Sources { clock: Clock::fixed_at(NOON), seed: Some(seed), run, ..Sources::system() };
        Self::built(directory, None, config, sources, subscriptions).await
    }

    /// Closes the store and opens it again, with empty queues and other ids.
    pub async fn reopened(self, seed: u64) -> Self {
        self.ctx.transport.close().await;
        self.ctx.store.close().await;
        if self.server.is_none() {
            return Self::in_directory(self.directory, Run::Threads, &[], subscriptions(), seed).await;
        }
        let sources =
            Sources { clock: Clock::fixed_at(NOON), seed: Some(seed), run: Run::Threads, ..Sources::system() };
        Self::built(self.directory, self.server, self.ctx.config.clone(), sources, subscriptions()).await
    }

    /// Closes the store and keeps its directory.
    pub async fn closed(self) -> TempDir {
        self.ctx.store.close().await;
        self.directory
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        database_in(&self.directory)
    }

    /// The context of a commit by [`agent`].
    #[must_use]
    pub fn context(&self) -> Context {
        Context {
            actor: agent(),
            correlation_id: self.ctx.ids.next(Kind::Event),
            causation_id: None,
            traceparent: None,
            now: self.ctx.clock.now(),
            id_seed: String::new(),
        }
    }

    /// An event of `stream` that nobody decided.
    #[must_use]
    pub fn event(&self, stream: &str, version: i64) -> NewEvent {
        NewEvent {
            event_id: self.ctx.ids.next(Kind::Event),
            event_type: "forum.tested",
            stream: stream.to_owned(),
            version: Some(version),
            scope: tenant(),
            ticket: None,
            run_id: None,
            thread_id: None,
            session_id: None,
            agent_name: None,
            causation_id: None,
            payload: "{}".to_owned(),
        }
    }

    /// A commit that appends one event.
    #[must_use]
    pub fn appending(&self, stream: &str, version: i64) -> Commit {
        Commit::new(Durability::Full, self.context()).then(self.event(stream, version).append())
    }

    /// Appends one event.
    ///
    /// # Errors
    /// Those of the commit.
    pub async fn append(&self, stream: &str, version: i64) -> Result<Receipt, CommitError> {
        self.ctx.store.commit(self.appending(stream, version)).await
    }

    /// Rows of the database as it is on disk.
    pub async fn rows(&self, sql: &str) -> Vec<Vec<Value>> {
        match &self.server {
            None => rows_of(&self.database(), sql).await,
            Some(server) => sqld::query(&server.url(), sql).await.expect("the query runs").0,
        }
    }

    /// The first column of a query's rows, as text.
    pub async fn texts(&self, sql: &str) -> Vec<String> {
        let rows = self.rows(sql).await;
        rows.iter().map(|row| row[0].as_str().expect("a text").to_owned()).collect()
    }

    /// The one number a query gives.
    pub async fn number(&self, sql: &str) -> i64 {
        self.rows(sql).await[0][0].as_i64().expect("a number")
    }

    /// Changes the database behind the store's back.
    pub async fn execute(&self, sql: &str) -> u64 {
        match &self.server {
            None => execute_on(&self.database(), sql).await,
            Some(server) => sqld::query(&server.url(), sql).await.expect("the statement runs").1,
        }
    }

    /// What the database says against a statement it must refuse.
    pub async fn refusal(&self, sql: &str) -> String {
        if let Some(server) = &self.server {
            return sqld::query(&server.url(), sql).await.expect_err("the statement is refused");
        }
        let opened = libsql::Builder::new_local(self.database()).build().await.expect("the database opens");
        let connection = opened.connect().expect("a connection");
        connection.execute_batch("PRAGMA foreign_keys = ON").await.expect("a setting");
        let error = connection.execute(sql, ()).await.expect_err("the statement is refused");
        error.to_string()
    }

    /// Moves the clock forward.
    pub fn advance(&self, duration: Duration) {
        self.ctx.clock.advance(duration);
    }

    /// Sets the clock, back too.
    pub fn set_clock(&self, time: Time) {
        if let Clock::Fixed(millis) = &self.ctx.clock {
            millis.store(time.0, std::sync::atomic::Ordering::SeqCst);
        }
    }
}

/// The database file of a fixture's directory.
#[must_use]
pub fn database_in(directory: &TempDir) -> PathBuf {
    directory.path().join("state").join("agentforum.db")
}

/// The configuration of a database in `directory`.
#[must_use]
pub fn config_in(directory: &TempDir, settings: &[(&str, &str)]) -> Config {
    let database = database_in(directory);
    let mut pairs = vec![("db", database.to_str().expect("a path of UTF-8"))];
    pairs.extend(settings);
    Config::with(&pairs).expect("settings that are allowed")
}

/// A delivery as a function gets it.
#[must_use]
pub fn record(delivery: &Delivery) -> Record {
    Record {
        message_id: delivery.message_id.clone(),
        topic: delivery.topic.clone(),
        body: std::sync::Arc::clone(&delivery.body),
        receive_count: delivery.receive_count,
    }
}

/// The least that opens a thread.
#[must_use]
pub fn question(title: &str) -> OpenThread {
    OpenThread { title: title.to_owned(), body: format!("{title}?"), ticket: "T-1".to_owned(), ..OpenThread::default() }
}
