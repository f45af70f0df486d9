//! Gathers what the checks judge: from files, the database and the running server, changing nothing.

use std::path::Path;

use nix::sys::statvfs::statvfs;
use serde_json::Value;
use shared::client::{Client, ClientError};
use shared::clock::{Clock, Time};
use shared::config::{Config, Database, TransportKind};
use shared::store::inspection::{self, Inspection};
use shared::store::migrations;
use tokio::net::TcpListener;

use super::server::KeyUse;
use super::{Finding, database, deployment, files, provider, server};
use crate::runtime_files::{Found, look};

/// What the examination needs besides the settings.
pub(crate) struct Means {
    /// A client of the running server, if one runs.
    pub(crate) client: Option<Client>,
    /// Whether that client has a key.
    pub(crate) has_key: bool,
    /// The server as its files say.
    pub(crate) found: Found,
}

impl Means {
    /// Finds the server of a database; `connect` makes the client of its address.
    ///
    /// # Errors
    /// When the lock file cannot be read, or `connect` fails.
    pub(crate) fn of(
        config: &Config,
        connect: impl FnOnce(&str) -> anyhow::Result<(Client, bool)>,
    ) -> anyhow::Result<Self> {
        let found = look(&config.db.place())?;
        let (client, has_key) = match &found {
            Found::Running(running) => connect(&running.url).map(|(client, has_key)| (Some(client), has_key))?,
            Found::Busy(_) | Found::Absent(_) => (None, false),
        };
        Ok(Self { client, has_key, found })
    }
}

/// Every check, in the order in which one explains the next.
pub(crate) async fn examine(config: &Config, means: Means) -> Vec<Finding> {
    let now = Clock::System.now();
    let health = health(means.client.as_ref()).await;
    let answer = health.as_ref().map_err(String::as_str);
    let said = answer.ok();
    let servers = said.and_then(|health| Time::parse(health["now"].as_str()?).ok());
    let place = config.db.place();
    let directory = place.parent().filter(|directory| !directory.as_os_str().is_empty()).unwrap_or(Path::new("."));
    let mut findings = vec![
        server::port(config.addr, bind(config, &means.found).await, &means.found),
        files::runtime_files(&means.found),
        server::health(&means.found, answer),
        server::key(&key(&means).await, config.auth.mode),
        server::transport(config.transport.as_str(), said),
        database::full_text(&inspection::full_text_works()),
        files::space(free(directory), directory),
    ];
    match &config.db {
        Database::File(path) if path.exists() => {
            let running = matches!(means.found, Found::Running(_));
            let inspected = inspect(config, path, now).await;
            findings.extend(about(path, inspected, running, servers, now));
        }
        Database::File(path) => {
            findings.push(Finding::ok("database", format!("{} is made by the first start", path.display())));
            findings.push(database::clock(now, None, servers));
        }
        Database::Server(_) => findings.extend(deployment::database(config).await),
    }
    if config.transport == TransportKind::Sqs {
        findings.extend(deployment::queues(config).await);
    }
    findings.push(provider::judged(&provider::tried(&config.generation).await, provider::used(said)));
    findings
}

/// What concerns a database that is there.
fn about(
    path: &Path,
    inspected: Result<Inspection, String>,
    running: bool,
    servers: Option<Time>,
    now: Time,
) -> Vec<Finding> {
    let wal = std::fs::metadata(format!("{}-wal", path.display())).map_or(0, |file| file.len());
    let mut findings = vec![files::modes(&files::Modes::beside(path)), files::wal(wal)];
    findings.push(database::integrity(&inspected, path));
    let Ok(inspection) = inspected else { return findings };
    findings.push(database::schema(&inspection, migrations::newest()));
    findings.push(database::clock(now, inspection.newest_recorded_at, servers));
    // An older schema may lack what the overview reads; the schema's own check has said so.
    if let Ok(overview) = &inspection.overview {
        findings.push(database::projections(overview, inspection.oldest_unprojected_at, running, now));
        findings.push(database::outbox(overview, running));
        findings.push(database::dead_letters(overview));
    }
    findings
}

async fn health(client: Option<&Client>) -> Result<Value, String> {
    let Some(client) = client else { return Err("nothing runs".to_owned()) };
    let document = client.look(&["health"]).await.map_err(|error| error.to_string())?;
    document.read().map_err(|error| error.to_string())
}

async fn key(means: &Means) -> KeyUse {
    match &means.client {
        None => KeyUse::Untried,
        Some(_) if !means.has_key => KeyUse::None,
        Some(client) => KeyUse::Tried(match client.get(&["info"], &[]).await {
            // A key without the scope to read this is a key all the same.
            Err(ClientError::Problem { problem, .. }) if problem.code == "scope_denied" => Ok(()),
            answer => answer.map(drop),
        }),
    }
}

/// Whether the port can be had; not asked while somebody works on the database, who may be about to take it.
async fn bind(config: &Config, found: &Found) -> Option<std::io::Result<()>> {
    match found {
        Found::Absent(_) => Some(TcpListener::bind(config.addr).await.map(drop)),
        Found::Running(_) | Found::Busy(_) => None,
    }
}

/// Bytes that this user may still write there, or above it where it is not there yet.
#[expect(clippy::useless_conversion, reason = "how wide the counts are differs from system to system")]
fn free(directory: &Path) -> Result<u64, String> {
    let there = std::path::absolute(directory).map_err(|error| error.to_string())?;
    let there = there.ancestors().find(|path| path.exists()).ok_or("no such place")?;
    let space = statvfs(there).map_err(|error| error.to_string())?;
    Ok(u64::from(space.blocks_available()) * u64::from(space.fragment_size()))
}

async fn inspect(config: &Config, path: &Path, now: Time) -> Result<Inspection, String> {
    let (path, timeout) = (path.to_owned(), config.store.busy_timeout);
    let inspected = tokio::task::spawn_blocking(move || inspection::inspect(&path, timeout, now)).await;
    inspected.map_err(|error| error.to_string())?.map_err(|error| error.to_string())
}
