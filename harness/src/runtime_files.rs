//! What a running server leaves beside its database so that others find it: removed on a clean stop, replaced when stale.

use std::collections::BTreeMap;
use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use shared::config::{Config, Source};
use shared::store::{StoreError, holder};

/// Contents of `server.runtime.json`. Readers take what they know, so that programs of two versions find each other.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Whereabouts {
    pub(crate) runtime: String,
    pub(crate) pid: u32,
    pub(crate) port: u16,
    pub(crate) url: String,
    pub(crate) version: String,
    pub(crate) started_at: String,
    pub(crate) db: PathBuf,
    pub(crate) transport: String,
    pub(crate) auth_mode: String,
    /// The settings given as flags, so that `restart` starts it as it was.
    pub(crate) flags: BTreeMap<String, String>,
    /// The configuration file in force, if there is one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) config_file: Option<PathBuf>,
}

impl Whereabouts {
    /// Notes the settings that came from flags, and the file. What the environment says is taken anew at each start.
    pub(crate) fn started_with(mut self, config: &Config) -> Self {
        for setting in config.settings() {
            match &setting.source {
                // The one beside the database is found again by itself, if it is still there.
                Source::File(file) if *file == config.db.place().with_file_name("agentforum.toml") => {}
                Source::File(file) => self.config_file = std::path::absolute(file).ok(),
                Source::Flag | Source::Environment | Source::Default => {}
            }
        }
        self.flags = config.flags().iter().map(|(key, text)| ((*key).to_owned(), text.clone())).collect();
        self
    }
}

/// Their names, in the order they are written.
const NAMES: [&str; 3] = ["server.pid", "server.port", "server.runtime.json"];

/// The files of one running server.
pub(crate) struct RuntimeFiles {
    paths: [PathBuf; 3],
}

impl RuntimeFiles {
    /// Writes `server.pid`, `server.port` and `server.runtime.json` beside the database. A failure leaves none of them.
    pub(crate) fn write(database: &Path, runtime: &Whereabouts) -> std::io::Result<Self> {
        let files = Self::beside(database);
        let json = serde_json::to_string_pretty(runtime)?;
        let texts = [runtime.pid.to_string(), runtime.port.to_string(), json];
        for (path, text) in files.paths.iter().zip(texts) {
            let opened = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path);
            if let Err(error) = opened.and_then(|mut file| writeln!(file, "{text}")) {
                files.remove();
                return Err(error);
            }
        }
        Ok(files)
    }

    /// The files of the server of `database`, there or not.
    pub(crate) fn beside(database: &Path) -> Self {
        Self { paths: NAMES.map(|name| database.with_file_name(name)) }
    }

    /// Removes them.
    pub(crate) fn remove(&self) {
        for path in &self.paths {
            match std::fs::remove_file(path) {
                Err(error) if error.kind() != std::io::ErrorKind::NotFound => {
                    tracing::warn!(%error, path = %path.display(), "a runtime file could not be removed");
                }
                _ => {}
            }
        }
    }
}

/// What is known of the server of a database.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    /// It runs, and says where.
    Running(Whereabouts),
    /// A process works on the database without saying where: a server that is starting or ending, or a restore.
    Busy(u32),
    /// Nobody works on the database; what a server left that ended without removing it, if one did.
    Absent(Option<Whereabouts>),
}

/// Looks for the server of `database`. The lock decides: a process id in a file may be another program's by now.
///
/// # Errors
/// When the lock file cannot be read.
pub(crate) fn look(database: &Path) -> Result<Found, StoreError> {
    let left = std::fs::read_to_string(database.with_file_name("server.runtime.json")).ok();
    let left: Option<Whereabouts> = left.and_then(|text| serde_json::from_str(&text).ok());
    Ok(match (holder(database)?, left) {
        (Some(pid), Some(left)) if left.pid == pid => Found::Running(left),
        (Some(pid), _) => Found::Busy(pid),
        (None, left) => Found::Absent(left.filter(|left| same_file(&left.db, database))),
    })
}

/// Whether two paths are one database; two databases in one directory share the places of these files.
fn same_file(one: &Path, two: &Path) -> bool {
    one.file_name() == two.file_name()
}

#[cfg(test)]
mod tests {
    use super::*;

    // LIFECYCLE-4, LIFECYCLE-5
    #[test]
    fn files_without_a_lock_are_stale_whatever_process_they_name() {
        let directory = tempfile::tempdir().expect("a directory");
        let database = directory.path().join("a.db");
        assert!(matches!(look(&database), Ok(Found::Absent(None))));
        let config = Config::with(&[("addr", "127.0.0.1:0"), ("outbox.lease", "7s")]).expect("settings");
        // This very process lives, and holds nothing.
        let runtime = Whereabouts { pid: std::process::id(), db: database.clone(), ..Whereabouts::default() };
        let files = RuntimeFiles::write(&database, &runtime.started_with(&config)).expect("the files");
        let Ok(Found::Absent(Some(left))) = look(&database) else { panic!("taken for a running server") };
        assert_eq!(left.flags.get("outbox.lease").map(String::as_str), Some("7s"));
        assert_eq!(left.flags.len(), 2);
        files.remove();
        assert!(matches!(look(&database), Ok(Found::Absent(None))));
    }
}
