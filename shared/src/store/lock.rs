//! The lock file beside the database: one process per file, and a trace of an unclean end.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{ErrorKind, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::{MetadataExt, OpenOptionsExt};
use std::path::{Path, PathBuf};
use std::time::Duration;

use super::StoreError;
use crate::clock::Clock;

/// Whoever looks who holds a database has its lock for a moment; a start does not take that for a holder.
const A_LOOK: Duration = Duration::from_millis(50);

/// Held while the store is open. The operating system lets go of it when the process dies, however it dies.
pub struct Lock {
    file: File,
    /// Whether the previous holder ended without saying goodbye.
    pub(super) unclean: bool,
}

impl Lock {
    /// Takes the lock of `database`, or names the process that has it.
    ///
    /// # Errors
    /// When another process has it, or the file cannot be made.
    pub fn take(database: &Path) -> Result<Self, StoreError> {
        let path = file_of(database);
        let open = |source| StoreError::Open { path: path.clone(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(open)?;
        let stopwatch = Clock::stopwatch();
        let locked = loop {
            match file.try_lock() {
                Err(TryLockError::WouldBlock) if stopwatch.elapsed() < A_LOOK => std::thread::yield_now(),
                outcome => break outcome,
            }
        };
        let mut holder = String::new();
        file.read_to_string(&mut holder).map_err(open)?;
        match locked {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => {
                return Err(StoreError::Locked { path: database.to_owned(), holder: holder.trim().to_owned() });
            }
            Err(TryLockError::Error(source)) => return Err(open(source)),
        }
        let mut lock = Self { file, unclean: !holder.trim().is_empty() };
        lock.write(&std::process::id().to_string()).map_err(open)?;
        Ok(lock)
    }

    fn write(&mut self, text: &str) -> std::io::Result<()> {
        self.file.set_len(0)?;
        self.file.seek(SeekFrom::Start(0))?;
        self.file.write_all(text.as_bytes())
    }

    /// Marks a clean end.
    ///
    /// # Errors
    /// When the file cannot be written; the lock is gone all the same.
    pub fn release(mut self) -> std::io::Result<()> {
        self.write("")
    }
}

fn file_of(database: &Path) -> PathBuf {
    PathBuf::from(format!("{}.lock", database.display()))
}

/// The process that works on `database` now; none when nobody does, whatever a process that died left behind.
///
/// # Errors
/// When the lock file cannot be read.
pub fn holder(database: &Path) -> Result<Option<u32>, StoreError> {
    let path = file_of(database);
    let open = |source| StoreError::Open { path: path.clone(), source };
    let mut file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(open(error)),
    };
    match file.try_lock_shared() {
        Ok(()) => Ok(None),
        Err(TryLockError::WouldBlock) => {
            let mut holder = String::new();
            file.read_to_string(&mut holder).map_err(open)?;
            Ok(holder.trim().parse().ok())
        }
        Err(TryLockError::Error(source)) => Err(open(source)),
    }
}

/// The process that keeps `database` locked without being one of ours, as far as the system tells.
pub(super) fn foreign_holder(database: &Path) -> String {
    let inode = |suffix: &str| std::fs::metadata(format!("{}{suffix}", database.display())).map(|file| file.ino()).ok();
    let inodes = [inode(""), inode("-shm")];
    // A line is `1: POSIX  ADVISORY  WRITE 4711 08:01:1234 120 120`; where there is no such table, nobody can be named.
    let table = std::fs::read_to_string("/proc/locks").unwrap_or_default();
    let own = std::process::id().to_string();
    let holder = table.lines().find_map(|line| {
        let words: Vec<&str> = line.split_whitespace().collect();
        let [_, _, _, "WRITE", pid, file, ..] = words.as_slice() else { return None };
        let file = file.rsplit(':').next()?.parse().ok();
        (file.is_some() && inodes.contains(&file) && *pid != own).then(|| (*pid).to_owned())
    });
    holder.unwrap_or_else(|| "unknown".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    // LIFECYCLE-9
    #[test]
    fn a_look_names_the_holder_and_a_dead_one_holds_nothing() {
        let directory = tempfile::tempdir().expect("a directory");
        let database = directory.path().join("a.db");
        assert_eq!(holder(&database).expect("a look"), None);
        let lock = Lock::take(&database).expect("the lock");
        assert_eq!(holder(&database).expect("a look"), Some(std::process::id()));
        // Dropped and not released, as by a kill.
        drop(lock);
        assert_eq!(holder(&database).expect("a look"), None);
        let lock = Lock::take(&database).expect("the lock again");
        assert!(lock.unclean);
    }
}
