//! The HTTP contract: refusals, limits, cursors, credentials, health, and the interface's description.

mod cursors;
mod dead_letters;
mod health;
mod keys;
mod login;
mod mailbox;
mod metrics;
mod openapi;
mod problems;
mod projections;
mod projects;
mod queues;
mod requests;
mod search;
mod snapshots;
