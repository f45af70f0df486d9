//! A copy of a database that opens alone, and the way back.
//!
//! A backup is made by the process that asks for it, on a read-only connection of its own: a snapshot is taken in one read
//! transaction beside the running server, which goes on writing and needs no free hands for it, and the same way works
//! when no server runs. Inside the server the copy would be a read of any length among reads that are interrupted after
//! `store.query_timeout`.

use std::fs::{self, File, OpenOptions};
use std::io::ErrorKind;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::StoreError;
use super::connection::Connection;
use super::lock::Lock;
use super::migrations;
use super::opening::make_directory;
use crate::id::Ids;

/// What a finished copy holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Copied {
    /// Position of its newest event.
    pub pos: i64,
    /// Size in bytes.
    pub bytes: u64,
    /// Its database id.
    pub database_id: String,
}

/// Why there is no copy.
#[derive(Debug, thiserror::Error)]
pub enum CopyError {
    /// Nothing to copy.
    #[error("there is no database at {path}")]
    Missing {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Something is in the way, and stays as it is.
    #[error("{path} is there already; nothing was changed")]
    Taken {
        /// Which file.
        path: PathBuf,
    },
    /// The copy could not be written.
    #[error("cannot write {path}")]
    Write {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The database could not be copied.
    #[error("cannot copy {path}: {message}")]
    Copy {
        /// Which file.
        path: PathBuf,
        /// What the database said.
        message: String,
    },
    /// The copy is not whole.
    #[error("{path} is damaged ({finding})")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// First finding of the check.
        finding: String,
    },
    /// The target is in use, or the schema does not fit this program.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// How long a statement waits for a lock that another process holds.
const PATIENCE: Duration = Duration::from_secs(5);

/// A database that is about to be copied, open for reading.
pub struct Source {
    path: PathBuf,
    connection: Connection,
}

/// Stops a copy from another thread; what there is of it goes away.
pub struct Interrupter(libsql::Connection);

impl Interrupter {
    /// Stops it at its next step.
    pub fn interrupt(&self) {
        if let Err(error) = self.0.interrupt() {
            tracing::warn!(%error, "the copy could not be interrupted");
        }
    }
}

impl Source {
    /// Opens a database or a backup.
    ///
    /// # Errors
    /// When there is none.
    pub fn open(path: &Path) -> Result<Self, CopyError> {
        Ok(Self { path: path.to_owned(), connection: open(path)? })
    }

    /// What can stop the copy.
    #[must_use]
    pub fn interrupter(&self) -> Interrupter {
        Interrupter(self.connection.interrupter())
    }

    /// Copies the database, beside a running server or not, to the new file `target`.
    ///
    /// # Errors
    /// When `target` is there already or the copy fails; then nothing of it is left.
    pub fn back_up(mut self, target: &Path, ids: &Ids) -> Result<Copied, CopyError> {
        refuse_taken(target)?;
        let copy = Unfinished::beside(target, ids)?;
        self.copy_into(&copy)?;
        let copied = inspect(&copy.path)?;
        copy.become_file(target)?;
        Ok(copied)
    }

    /// Makes a backup the database `database`, under a new database id: cursors and queues of the old one do not fit.
    ///
    /// # Errors
    /// When a process works on `database`, one is there already, or the backup is damaged or of another schema.
    pub fn restore(mut self, database: &Path, ids: &Ids) -> Result<Copied, CopyError> {
        self.check()?;
        make_directory(database)?;
        let lock = Lock::take(database)?;
        let restored = self.restore_locked(database, ids);
        if let Err(error) = lock.release() {
            tracing::warn!(%error, "the lock file could not be cleared");
        }
        restored
    }

    fn restore_locked(&mut self, database: &Path, ids: &Ids) -> Result<Copied, CopyError> {
        for suffix in ["", "-wal", "-shm"] {
            refuse_taken(Path::new(&format!("{}{suffix}", database.display())))?;
        }
        let copy = Unfinished::beside(database, ids)?;
        self.copy_into(&copy)?;
        renew_id(&copy.path, ids)?;
        let copied = inspect(&copy.path)?;
        copy.become_file(database)?;
        Ok(copied)
    }

    /// A snapshot of everything committed, without free pages.
    fn copy_into(&mut self, copy: &Unfinished) -> Result<(), CopyError> {
        let target = copy.path.display().to_string();
        let copied = self.connection.query("VACUUM INTO ?1", vec![target.into()]);
        copied.map_err(|error| failed(&self.path, &error)).map(drop)
    }

    /// Whether the file is a whole database of a schema that this program knows.
    fn check(&mut self) -> Result<(), CopyError> {
        let damaged = |finding: String| CopyError::Damaged { path: self.path.clone(), finding };
        let rows = self.connection.query("PRAGMA integrity_check(1)", Vec::new());
        let rows = rows.map_err(|error| damaged(error.to_string()))?;
        let finding = rows.into_iter().next().and_then(|row| row.columns().text().ok()).unwrap_or_default();
        if finding != "ok" {
            return Err(damaged(finding));
        }
        let foreign = |_| StoreError::Schema(format!("{} is no database of agentforum", self.path.display()));
        let applied = migrations::applied(&mut self.connection).map_err(foreign)?;
        Ok(migrations::check(&applied)?)
    }
}

fn open(path: &Path) -> Result<Connection, CopyError> {
    if !path.exists() {
        return Err(CopyError::Missing { path: path.to_owned() });
    }
    Connection::open_read_only(path, PATIENCE).map_err(|error| failed(path, &error))
}

fn failed(path: &Path, error: &libsql::Error) -> CopyError {
    CopyError::Copy { path: path.to_owned(), message: error.to_string() }
}

fn refuse_taken(path: &Path) -> Result<(), CopyError> {
    // A link that leads nowhere is in the way as well.
    if path.symlink_metadata().is_ok() { Err(CopyError::Taken { path: path.to_owned() }) } else { Ok(()) }
}

fn renew_id(path: &Path, ids: &Ids) -> Result<(), CopyError> {
    let renew = || {
        let mut connection = Connection::open(path, PATIENCE)?;
        let id = ids.uuid_v4().simple().to_string();
        connection.query("UPDATE meta SET value = ?1 WHERE name = 'database_id'", vec![id.into()])
    };
    renew().map_err(|error| failed(path, &error)).map(drop)
}

/// Reads a finished copy as whoever opens it will.
fn inspect(path: &Path) -> Result<Copied, CopyError> {
    const SQL: &str = "SELECT (SELECT coalesce(max(pos), 0) FROM events), value FROM meta WHERE name = 'database_id'";
    let mut connection = open(path)?;
    let rows = connection.query(SQL, Vec::new()).map_err(|error| failed(path, &error))?;
    let row = rows.into_iter().next().ok_or_else(|| StoreError::Row("the copy has no database id".to_owned()))?;
    let mut columns = row.columns();
    let (pos, database_id) = (columns.integer().map_err(StoreError::from)?, columns.text().map_err(StoreError::from)?);
    let bytes = fs::metadata(path).map_err(|source| CopyError::Write { path: path.to_owned(), source })?.len();
    Ok(Copied { pos, bytes, database_id })
}

/// A copy that is being written beside its place; what does not become the file itself goes away again.
struct Unfinished {
    path: PathBuf,
}

impl Unfinished {
    fn beside(target: &Path, ids: &Ids) -> Result<Self, CopyError> {
        let mut name = std::ffi::OsString::from(".");
        name.push(target.file_name().unwrap_or_default());
        name.push(format!(".{}.partial", ids.uuid_v4().simple()));
        let path = target.with_file_name(name);
        // Made here and empty, so that it has its mode before it has any content.
        let made = OpenOptions::new().write(true).create_new(true).mode(0o600).open(&path);
        made.map_err(|source| CopyError::Write { path: path.clone(), source })?;
        Ok(Self { path })
    }

    /// Synced, under its name, which must still be free; the directory's entry synced too.
    fn become_file(self, target: &Path) -> Result<(), CopyError> {
        let write = |source: std::io::Error| match source.kind() {
            ErrorKind::AlreadyExists => CopyError::Taken { path: target.to_owned() },
            _ => CopyError::Write { path: target.to_owned(), source },
        };
        File::open(&self.path).and_then(|file| file.sync_all()).map_err(write)?;
        // A link never replaces, where a rename would.
        fs::hard_link(&self.path, target).map_err(write)?;
        let directory = target.parent().filter(|directory| !directory.as_os_str().is_empty());
        File::open(directory.unwrap_or(Path::new("."))).and_then(|file| file.sync_all()).map_err(write)
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        for suffix in ["", "-journal"] {
            let path = format!("{}{suffix}", self.path.display());
            match fs::remove_file(&path) {
                Err(error) if error.kind() != ErrorKind::NotFound => {
                    tracing::warn!(%error, path, "an unfinished copy could not be removed");
                }
                _ => {}
            }
        }
    }
}
