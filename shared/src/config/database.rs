//! Where the database is: a file on this machine, or a libSQL server.

use std::fmt;
use std::path::PathBuf;

use super::masked_url;

/// The database of the process. It shows as the file's path, or as the server's scheme, host and port.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Database {
    /// A file on this machine.
    File(PathBuf),
    /// URL of a libSQL server; no token is in it.
    Server(String),
}

/// What runtime files stand beside when the database is none of this machine's files.
const NO_FILE: &str = ".agentforum/agentforum.db";

impl Database {
    /// What the files of the process stand beside: its key, its log, what it says of itself. Of a server's database no file
    /// is there.
    #[must_use]
    pub fn place(&self) -> PathBuf {
        match self {
            Self::File(path) => path.clone(),
            Self::Server(_) => PathBuf::from(NO_FILE),
        }
    }
}

impl fmt::Display for Database {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::File(path) => write!(formatter, "{}", path.display()),
            Self::Server(url) => formatter.write_str(&masked_url(url)),
        }
    }
}
