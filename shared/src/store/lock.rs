//! The lock file beside the database: one process per file, and a trace of an unclean end.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use super::StoreError;

/// Held while the store is open. The operating system lets go of it when the process dies, however it dies.
pub(super) struct Lock {
    file: File,
    /// Whether the previous holder ended without saying goodbye.
    pub(super) unclean: bool,
}

impl Lock {
    /// Takes the lock of `database`, or names the process that has it.
    pub(super) fn take(database: &Path) -> Result<Self, StoreError> {
        let path = PathBuf::from(format!("{}.lock", database.display()));
        let open = |source| StoreError::Open { path: path.clone(), source };
        let mut file = OpenOptions::new()
            .read(true)
            .write(true)
            .create(true)
            .truncate(false)
            .mode(0o600)
            .open(&path)
            .map_err(open)?;
        let locked = file.try_lock();
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
    pub(super) fn release(mut self) -> std::io::Result<()> {
        self.write("")
    }
}
