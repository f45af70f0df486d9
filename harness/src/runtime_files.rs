//! What a running server leaves beside its database so that others find it: removed on a clean stop, replaced when stale.

use std::fs::OpenOptions;
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use serde::Serialize;

/// Contents of `server.runtime.json`.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Whereabouts {
    pub(crate) runtime: &'static str,
    pub(crate) pid: u32,
    pub(crate) port: u16,
    pub(crate) url: String,
    pub(crate) version: &'static str,
    pub(crate) started_at: String,
    pub(crate) db: PathBuf,
    pub(crate) transport: &'static str,
    pub(crate) auth_mode: &'static str,
}

/// The files of one running server.
pub(crate) struct RuntimeFiles {
    paths: [PathBuf; 3],
}

impl RuntimeFiles {
    /// Writes `server.pid`, `server.port` and `server.runtime.json` beside the database.
    pub(crate) fn write(database: &Path, runtime: &Whereabouts) -> std::io::Result<Self> {
        let paths = ["server.pid", "server.port", "server.runtime.json"].map(|name| database.with_file_name(name));
        let json = serde_json::to_string_pretty(runtime)?;
        for (path, text) in paths.iter().zip([runtime.pid.to_string(), runtime.port.to_string(), json]) {
            let mut file = OpenOptions::new().write(true).create(true).truncate(true).mode(0o600).open(path)?;
            writeln!(file, "{text}")?;
        }
        Ok(Self { paths })
    }

    /// Removes them.
    pub(crate) fn remove(&self) {
        for path in &self.paths {
            if let Err(error) = std::fs::remove_file(path) {
                tracing::warn!(%error, path = %path.display(), "a runtime file could not be removed");
            }
        }
    }
}
