//! One file per resource.

pub mod commands;
pub mod dead_letters;
pub mod debug;
pub mod docs;
pub mod events;
pub mod health;
pub mod info;
pub mod keys;
pub mod login;
pub mod metrics;
pub mod notifications;
pub mod operator;
pub mod probes;
pub mod projections;
pub mod pull_requests;
pub mod queues;
pub mod runs;
pub mod search;
pub mod sessions;
pub mod sessions_inbox;
pub mod signals;
pub mod stream;
pub mod thread_commands;
pub mod threads;
pub mod webhooks;
