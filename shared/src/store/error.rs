//! How the store fails.

use std::path::PathBuf;

use super::statement::Guard;

/// An operation on the store that did not succeed.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// The directory or file could not be made or opened.
    #[error("cannot open {path}")]
    Open {
        /// Which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// Another process works on the same file.
    #[error("the database {path} is in use by process {holder}; stop it, or choose another file with --db")]
    Locked {
        /// Which file.
        path: PathBuf,
        /// The holder's process id, as its lock file says.
        holder: String,
    },
    /// The file failed its integrity check after an unclean end.
    #[error(
        "the database {path} is damaged ({finding}); move it away and put the latest backup in its place: `agentforum restore FILE`"
    )]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// First finding of the check.
        finding: String,
    },
    /// The schema does not fit this program.
    #[error("{0}")]
    Schema(String),
    /// The file is locked by a foreign process, or the mailbox is full.
    #[error("the store is busy")]
    Busy,
    /// No space left.
    #[error("the disk is full")]
    Full,
    /// The libSQL server does not answer, or not as one; nothing was done.
    #[error("the database at {address} does not answer: {why}")]
    Unreachable {
        /// Scheme, host and port.
        address: String,
        /// What happened.
        why: String,
    },
    /// The libSQL server does not accept the token.
    #[error("the database at {address} refuses the token; set store.token or store.token_secret to a valid one")]
    Denied {
        /// Scheme, host and port.
        address: String,
    },
    /// The writer has ended.
    #[error("the store is closed")]
    Closed,
    /// A read took longer than `store.query_timeout`.
    #[error("a query took longer than allowed and was interrupted")]
    Interrupted,
    /// The commit may or may not have happened; the idempotency row tells.
    #[error("the outcome of a commit is unknown: {0}")]
    UnknownOutcome(String),
    /// The database refused a statement for a reason nobody foresaw.
    #[error("statement {index} failed: {message}")]
    Statement {
        /// Its place in the commit.
        index: usize,
        /// What the database said.
        message: String,
    },
    /// A read failed.
    #[error("a read failed: {0}")]
    Read(String),
    /// A row does not have the shape the code expects.
    #[error("a stored row is not as expected: {0}")]
    Row(String),
}

impl StoreError {
    /// The same failure for another member of the group that it hit.
    pub(super) fn again(&self) -> Self {
        match self {
            Self::Busy => Self::Busy,
            Self::Unreachable { address, why } => Self::Unreachable { address: address.clone(), why: why.clone() },
            Self::Denied { address } => Self::Denied { address: address.clone() },
            Self::Full => Self::Full,
            Self::Interrupted => Self::Interrupted,
            Self::UnknownOutcome(why) => Self::UnknownOutcome(why.clone()),
            Self::Statement { index, message } => Self::Statement { index: *index, message: message.clone() },
            _ => Self::Closed,
        }
    }
}

/// Why a commit was not applied.
#[derive(Debug, thiserror::Error)]
pub enum CommitError {
    /// A guard did not hold; nothing of this commit was applied.
    #[error("the guard {0:?} did not hold")]
    Guard(Guard),
    /// The store failed.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl CommitError {
    /// Treats a guard that nobody expected as a failure of the store.
    #[must_use]
    pub fn unexpected(self) -> StoreError {
        match self {
            Self::Guard(guard) => StoreError::Row(format!("unexpected guard {guard:?}")),
            Self::Store(error) => error,
        }
    }
}

impl From<CommitError> for StoreError {
    fn from(error: CommitError) -> Self {
        error.unexpected()
    }
}

impl From<StoreError> for crate::error::HandlerError {
    fn from(error: StoreError) -> Self {
        Self::Retry(error.to_string())
    }
}

impl From<CommitError> for crate::error::HandlerError {
    fn from(error: CommitError) -> Self {
        Self::Retry(error.to_string())
    }
}

/// The kinds of failure SQLite reports that call for different answers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Failure {
    Constraint,
    Busy,
    Full,
    Interrupted,
    Other,
}

/// Sorts a database error by its primary result code.
pub(super) fn failure_of(error: &libsql::Error) -> Failure {
    let libsql::Error::SqliteFailure(code, _) = error else { return Failure::Other };
    match code & 0xff {
        19 => Failure::Constraint,
        5 | 6 => Failure::Busy,
        13 => Failure::Full,
        9 => Failure::Interrupted,
        _ => Failure::Other,
    }
}

impl Failure {
    /// Sorts a server's error by the name of its result code, which may be an extended one.
    pub(super) fn of_code(code: &str) -> Self {
        let is = |name: &str| code.strip_prefix(name).is_some_and(|rest| rest.is_empty() || rest.starts_with('_'));
        match code {
            _ if is("SQLITE_CONSTRAINT") => Self::Constraint,
            _ if is("SQLITE_BUSY") || is("SQLITE_LOCKED") => Self::Busy,
            _ if is("SQLITE_FULL") => Self::Full,
            _ if is("SQLITE_INTERRUPT") => Self::Interrupted,
            _ => Self::Other,
        }
    }
}
