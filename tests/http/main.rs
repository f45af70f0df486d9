//! The HTTP contract: refusals, limits, cursors, credentials, health, and the interface's description.

mod cursors;
mod dead_letters;
mod health;
mod inbox;
mod keys;
mod login;
mod mailbox;
mod metrics;
mod notifications;
mod openapi;
mod operators;
mod probes;
mod problems;
mod projections;
mod projects;
mod pull_requests;
mod queues;
mod requests;
mod search;
mod sessions;
mod snapshots;
mod webhooks;
