//! Opening the database. A file: directory, lock, integrity, migrations, then one writer and a pool of readers over it. A
//! server: whether it answers, migrations, then one stream of writes.

use std::fs::DirBuilder;
use std::os::unix::fs::{DirBuilderExt, PermissionsExt};
use std::path::{Path, PathBuf};
use std::sync::atomic::AtomicBool;
use std::sync::{Arc, Mutex};

use tokio::sync::{Semaphore, watch};

use super::connection::{Connection, Row};
use super::database::{Closing, Publishing, Store};
use super::error::{Failure, StoreError, failure_of};
use super::groups::{Groups, WAL_CHECKPOINT_PAGES};
use super::lock::{Lock, foreign_holder};
use super::migrations;
use super::readers::{Pool, Readers, Run};
use super::remote::{self, Claims, Remote};
use super::statement::Statement;
use super::writer::{Signals, Writer};
use crate::clock::Clock;
use crate::config::{Config, Database};
use crate::id::Ids;
use crate::secrets::Token;
use crate::telemetry::Metrics;

const DATABASE_ID: &str = "SELECT value FROM meta WHERE name = 'database_id'";
pub(super) const HEAD: &str = "SELECT coalesce(max(pos), 0) FROM events";

impl Store {
    /// Opens the database that the configuration names. A file and its directory are made if they are not there.
    ///
    /// # Errors
    /// When another process holds the file, it is damaged, the server does not answer, or the schema does not fit.
    pub async fn open(
        config: &Config,
        (run, publishing): (Run, Publishing),
        clock: &Clock,
        ids: &Ids,
        metrics: &Metrics,
    ) -> Result<Self, StoreError> {
        match &config.db {
            Database::File(path) => Self::open_file(config, path, run, clock, ids, metrics),
            Database::Server(url) => Self::connect(config, url, publishing, clock, ids, metrics).await,
        }
    }

    fn open_file(
        config: &Config,
        path: &Path,
        run: Run,
        clock: &Clock,
        ids: &Ids,
        metrics: &Metrics,
    ) -> Result<Self, StoreError> {
        make_directory(path)?;
        let lock = Lock::take(path)?;
        let opened = |error: libsql::Error| not_opened(path, &error);
        let mut connection = Connection::open(path, config.store.busy_timeout).map_err(opened)?;
        keep_private(path)?;
        if lock.unclean {
            check_integrity(&mut connection, path)?;
        }
        connection.query("PRAGMA journal_mode = WAL", Vec::new()).map_err(|error| not_a_database(path, &error))?;
        connection.checkpoint_every(WAL_CHECKPOINT_PAGES).map_err(opened)?;
        migrations::apply(&mut connection, clock.now())?;
        let Statement { sql, params, .. } = new_id(ids);
        connection.query(sql, params).map_err(opened)?;
        let database_id = text(connection.query(DATABASE_ID, Vec::new()).map_err(opened)?);
        let head = integer(connection.query(HEAD, Vec::new()).map_err(opened)?);

        let signals = signals(head);
        let wal = PathBuf::from(format!("{}-wal", path.display()));
        let groups = Groups::new(connection, wal, config, Arc::clone(&signals), metrics.clone());
        let (writer, thread) = match run {
            Run::Threads => {
                let (writer, thread) = Writer::spawn(groups, config.writer.queue)?;
                (writer, Some(thread))
            }
            Run::Inline => (Writer::Inline(Arc::new(Mutex::new(groups))), None),
        };
        let store = &config.store;
        let pool = Pool::new(path.to_owned(), run, store.readers, store.busy_timeout, store.query_timeout);
        let closing = Closing::File { writer: thread, lock };
        Ok(Self::new(writer, Readers::File(pool), signals, closing, metrics, config.db.clone(), database_id))
    }

    async fn connect(
        config: &Config,
        url: &str,
        publishing: Publishing,
        clock: &Clock,
        ids: &Ids,
        metrics: &Metrics,
    ) -> Result<Self, StoreError> {
        let remote = Remote::new(url, Token::of(&config.store.token), config.store.remote_timeout, ids, metrics)?;
        // Whether it answers at all, before anything is changed.
        remote.check().await?;
        migrations::apply_remote(&remote, clock.now()).await?;
        let head = integer(remote.rows(HEAD, Vec::new()).await?);
        let signals = signals(head);
        let claims = (publishing == Publishing::ByItself).then(|| Claims {
            lease: i64::try_from(config.outbox.lease.as_millis()).unwrap_or(i64::MAX),
            limit: config.worker.batch_size,
        });
        let settings =
            remote::WriterSettings { queue: config.writer.queue, batch_max: config.writer.batch_max, claims };
        let claimed = Arc::default();
        let (sender, task) =
            remote::spawn(remote.clone(), &settings, Arc::clone(&signals), metrics.clone(), Arc::clone(&claimed));
        let readers = Readers::Server(remote.clone(), Arc::new(Semaphore::new(config.store.readers)));
        let closing = Closing::Server { writer: task };
        let database_id = database_id(&remote, ids).await?;
        let store =
            Self::new(Writer::Mailbox(sender), readers, signals, closing, metrics, config.db.clone(), database_id);
        Ok(store.claiming_into(claimed))
    }
}

/// The id stored at creation. Only the first process to open the database finds none.
async fn database_id(remote: &Remote, ids: &Ids) -> Result<String, StoreError> {
    let found = text(remote.rows(DATABASE_ID, Vec::new()).await?);
    if !found.is_empty() {
        return Ok(found);
    }
    let Statement { sql, params, .. } = new_id(ids);
    remote.rows(sql, params).await?;
    Ok(text(remote.rows(DATABASE_ID, Vec::new()).await?))
}

fn new_id(ids: &Ids) -> Statement {
    const SQL: &str = "INSERT INTO meta (name, value) VALUES ('database_id', ?1) ON CONFLICT DO NOTHING";
    Statement::new(SQL, vec![ids.uuid_v4().simple().to_string().into()])
}

fn signals(head: i64) -> Arc<Signals> {
    Arc::new(Signals { head: watch::Sender::new(head), outbox: watch::Sender::new(0), failing: AtomicBool::new(false) })
}

fn text(rows: Vec<Row>) -> String {
    rows.into_iter().next().and_then(|row| row.columns().text().ok()).unwrap_or_default()
}

pub(super) fn integer(rows: Vec<Row>) -> i64 {
    rows.into_iter().next().and_then(|row| row.columns().integer().ok()).unwrap_or(0)
}

/// Makes the database's directory, closed to others, with a `.gitignore` so that nobody commits their data.
///
/// # Errors
/// When the directory cannot be made.
pub fn make_directory(path: &Path) -> Result<(), StoreError> {
    let Some(directory) = path.parent().filter(|directory| !directory.as_os_str().is_empty()) else { return Ok(()) };
    if directory.exists() {
        return Ok(());
    }
    let open = |source| StoreError::Open { path: directory.to_owned(), source };
    DirBuilder::new().recursive(true).mode(0o700).create(directory).map_err(open)?;
    std::fs::write(directory.join(".gitignore"), "*\n").map_err(open)
}

fn keep_private(path: &Path) -> Result<(), StoreError> {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o600))
        .map_err(|source| StoreError::Open { path: path.to_owned(), source })
}

fn not_opened(path: &Path, error: &libsql::Error) -> StoreError {
    match failure_of(error) {
        Failure::Busy => StoreError::Locked { path: path.to_owned(), holder: foreign_holder(path) },
        _ => StoreError::Read(format!("cannot open {}: {error}", path.display())),
    }
}

fn not_a_database(path: &Path, error: &libsql::Error) -> StoreError {
    match failure_of(error) {
        Failure::Busy => not_opened(path, error),
        _ => StoreError::Damaged { path: path.to_owned(), finding: error.to_string() },
    }
}

fn check_integrity(connection: &mut Connection, path: &Path) -> Result<(), StoreError> {
    let rows = connection.query("PRAGMA quick_check(1)", Vec::new()).map_err(|error| not_a_database(path, &error))?;
    let finding = rows.into_iter().next().and_then(|row| row.columns().text().ok()).unwrap_or_default();
    if finding == "ok" { Ok(()) } else { Err(StoreError::Damaged { path: path.to_owned(), finding }) }
}
