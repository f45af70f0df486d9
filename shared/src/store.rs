//! The database: the one place that contains SQL. One writer with group commit, a pool of readers, and one module per
//! table or group of tables that says what is asked of it.
//!
//! A limit is written `LIMIT ?1 + 0`: of a bare parameter SQLite would look at the value while it plans, and so plan the
//! kept statement anew at every run.

pub mod agent_events;
pub mod aggregate;
pub mod audit;
pub mod backup;
pub mod commands;
mod connection;
pub mod controls;
mod database;
pub mod dead_letters;
mod error;
pub mod events;
mod groups;
pub mod inspection;
pub mod jobs;
pub mod keys;
pub mod lanes;
mod lock;
pub mod memory;
pub mod migrations;
pub mod notifications;
pub mod observations;
mod opening;
pub mod operator;
pub mod outbox;
pub mod overview;
pub mod projections;
pub mod pull_requests;
pub mod reactions;
mod readers;
pub mod reconcile;
mod remote;
pub mod replays;
pub mod retention;
pub mod runs;
pub mod sessions;
pub mod statement;
pub mod tenants;
pub mod threads;
pub mod views;
pub mod webhooks;
pub mod words;
mod writer;

pub use aggregate::{Aggregate, Author, Change, Noted, NudgeResult, Origin};
pub use connection::{Columns, Row};
pub use database::{Publishing, Store};
pub use error::{CommitError, StoreError};
pub use lock::{Lock, holder};
pub use opening::make_directory;
pub use readers::{Reader, Run};
pub use statement::{Commit, Context, Durability, Guard, Statement};
pub use writer::Receipt;
