//! A whole system per test: the harness on a free port, its database in a directory of its own, and clients with keys.

#![expect(clippy::missing_panics_doc, reason = "a fixture that cannot be made ends its test")]

mod client;
mod program;

use std::path::{Path, PathBuf};
use std::time::Duration;

use harness::{Harness, Pace};
use reqwest::StatusCode;
use serde_json::{Value, json};
use shared::auth::{hash_of, new_secret};
use shared::clock::{Clock, Time};
use shared::config::Config;
use shared::ctx::{Ctx, Sources};
use shared::id::Kind;
use shared::store::keys::{ApiKey, Purpose};
use shared::store::overview::Overview;
use shared::store::{Commit, Durability, Run, tenants};
use shared::value::{Actor, KeyScope, Scope};
use tempfile::TempDir;

use crate::world::World;

pub use client::{Answer, Client, answer};
pub use program::{Ended, Server, program, refused, refused_with};

/// Where fixed clocks stand: 2026-01-31 12:00 UTC.
pub const NOON: i64 = 1_769_860_800_000;

/// How a system is to be started, again after a stop.
pub struct Setup {
    directory: TempDir,
    pace: Pace,
    clock: Clock,
    seed: Option<u64>,
    settings: Vec<(String, String)>,
}

impl Setup {
    /// A system that only moves when a test steps it, with a fixed clock and seeded ids.
    #[must_use]
    pub fn stepped() -> Self {
        Self::new(Pace::Stepped, Clock::fixed_at(NOON), Some(1))
    }

    /// A system that runs by itself, by the real clock.
    #[must_use]
    pub fn running() -> Self {
        Self::new(Pace::Running, Clock::System, None)
    }

    fn new(pace: Pace, clock: Clock, seed: Option<u64>) -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        Self { directory, pace, clock, seed, settings: Vec::new() }
    }

    /// Changes a setting.
    #[must_use]
    pub fn set(mut self, key: &str, value: &str) -> Self {
        self.settings.push((key.to_owned(), value.to_owned()));
        self
    }

    /// Another pace from the next start on.
    #[must_use]
    pub fn paced(mut self, pace: Pace) -> Self {
        self.pace = pace;
        self
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.directory.path().join("state").join("agentforum.db")
    }

    /// Starts it.
    pub async fn start(self) -> System {
        let database = self.database();
        let mut pairs = vec![("addr", "127.0.0.1:0"), ("db", database.to_str().expect("a path of UTF-8"))];
        pairs.extend(self.settings.iter().map(|(key, value)| (key.as_str(), value.as_str())));
        let config = Config::with(&pairs).expect("settings that are allowed");
        let sources = Sources { clock: self.clock.clone(), seed: self.seed, run: Run::Threads, ..Sources::system() };
        let harness = Harness::start(config, sources, self.pace).await.expect("the system starts");
        let secret = std::fs::read_to_string(database.with_file_name("local.key")).expect("the owner's key");
        let owner = Client::new(&harness.url).with_key(secret.trim());
        System { harness, owner, setup: self }
    }
}

/// A running system and its owner's client.
pub struct System {
    /// The system itself.
    pub harness: Harness,
    /// A client with the owner's key.
    pub owner: Client,
    setup: Setup,
}

impl System {
    /// Starts [`Setup::stepped`].
    pub async fn stepped() -> Self {
        Setup::stepped().start().await
    }

    /// Starts [`Setup::running`].
    pub async fn running() -> Self {
        Setup::running().start().await
    }

    /// Stops it in order; the same database can be started again.
    pub async fn stop(self) -> Setup {
        self.harness.stop().await;
        // Ids of the next start must not repeat those of this one.
        Setup { seed: self.setup.seed.map(|seed| seed + 1), ..self.setup }
    }

    /// Moves a fixed clock.
    pub fn advance(&self, duration: Duration) {
        self.harness.ctx.clock.advance(duration);
    }

    /// The database file.
    #[must_use]
    pub fn database(&self) -> PathBuf {
        self.setup.database()
    }

    /// The directory of the database and the runtime files.
    #[must_use]
    pub fn state(&self) -> PathBuf {
        self.database().parent().map(Path::to_owned).expect("a database has a directory")
    }

    /// Waits until everything is at rest.
    pub async fn settled(&self) -> Overview {
        self.harness.settle().await.expect("the system comes to rest")
    }

    /// A client with a new key.
    pub async fn client(&self, key: KeyOf<'_>) -> Client {
        Client::new(&self.harness.url).with_key(&key_for(&self.harness.ctx, key).await)
    }

    /// Changes the database behind the system's back.
    pub async fn execute(&self, sql: &str) -> u64 {
        execute_on(&self.database(), sql).await
    }

    /// Every drill ends so: positions without gaps, nothing waits, every lag 0, health 200.
    pub async fn assert_at_rest(&self) {
        self.assert_whole().await;
        let overview = self.settled().await;
        for checkpoint in &overview.checkpoints {
            assert_eq!(checkpoint.pos, overview.head, "{} lags", checkpoint.projection);
        }
        let health = self.owner.get("/api/v1/health").await;
        assert_eq!(health.status, StatusCode::OK, "{}", health.body);
        assert_eq!(health.text("/status"), "ok");
    }
}

impl World for System {
    fn owner(&self) -> &Client {
        &self.owner
    }

    fn now(&self) -> Time {
        self.harness.ctx.clock.now()
    }

    async fn rows(&self, sql: &str) -> Vec<Vec<Value>> {
        rows_of(&self.database(), sql).await
    }

    async fn settle(&self) -> i64 {
        self.settled().await.head
    }
}

/// Stores a new key; answers with its secret.
pub async fn key_for(ctx: &Ctx, key: KeyOf<'_>) -> String {
    let secret = new_secret(&ctx.ids);
    let scope = Scope { team_id: key.team.to_owned(), project_id: key.project.unwrap_or(key.team).to_owned() };
    let row = ApiKey {
        key_id: ctx.ids.next(Kind::Key),
        purpose: Purpose::Api,
        team_id: key.team.to_owned(),
        project_id: key.project.map(str::to_owned),
        name: key.name.to_owned(),
        scopes: key.scopes.to_vec(),
        actor_type: key.actor.as_ref().map(|actor| actor.actor_type),
        actor_name: key.actor.map(|actor| actor.actor_name),
        created_at: ctx.clock.now(),
        expires_at: key.expires_at,
        revoked_at: None,
        rate_limit: None,
    };
    let commit = Commit::new(Durability::Full, ctx.housekeeping("test"))
        .then_all(tenants::ensure(&scope))
        .then(row.insert(hash_of(&secret)));
    ctx.store.commit(commit).await.expect("the key is stored");
    secret
}

/// What a key of [`System::client`] is.
#[derive(Clone, Debug)]
pub struct KeyOf<'a> {
    /// Its name, which is that of the human who uses it without naming anybody.
    pub name: &'a str,
    /// Team; made if it is not there.
    pub team: &'a str,
    /// Project; made if it is not there.
    pub project: Option<&'a str>,
    /// Scopes.
    pub scopes: &'a [KeyScope],
    /// Actor it is bound to.
    pub actor: Option<Actor>,
    /// When it expires.
    pub expires_at: Option<Time>,
}

impl Default for KeyOf<'_> {
    fn default() -> Self {
        Self {
            name: "test",
            team: shared::auth::LOCAL_TEAM,
            project: Some(shared::auth::LOCAL_PROJECT),
            scopes: &[KeyScope::ForumRead, KeyScope::ForumWrite],
            actor: None,
            expires_at: None,
        }
    }
}

/// Rows of a database file, read by a connection of our own.
pub async fn rows_of(database: &Path, sql: &str) -> Vec<Vec<Value>> {
    let opened = libsql::Builder::new_local(database).build().await.expect("the database opens");
    let connection = opened.connect().expect("a connection");
    connection.busy_timeout(Duration::from_secs(5)).expect("a timeout");
    let mut cursor = connection.query(sql, ()).await.expect("the query runs");
    let mut rows = Vec::new();
    while let Some(row) = cursor.next().await.expect("a row") {
        let columns = (0..row.column_count()).map(|index| match row.get_value(index).expect("a column") {
            libsql::Value::Null => Value::Null,
            libsql::Value::Integer(number) => number.into(),
            libsql::Value::Real(number) => number.into(),
            libsql::Value::Text(text) => text.into(),
            libsql::Value::Blob(bytes) => bytes.into(),
        });
        rows.push(columns.collect());
    }
    rows
}

/// Changes a database file behind the system's back.
pub async fn execute_on(database: &Path, sql: &str) -> u64 {
    let opened = libsql::Builder::new_local(database).build().await.expect("the database opens");
    let connection = opened.connect().expect("a connection");
    connection.busy_timeout(Duration::from_secs(5)).expect("a timeout");
    connection.execute(sql, ()).await.expect("the statement runs")
}

/// The least that opens a thread.
#[must_use]
pub fn question(title: &str) -> Value {
    json!({ "title": title, "body": format!("{title}?"), "ticket": "T-1" })
}
