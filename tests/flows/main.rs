//! Stories: what happens from a request to its events, its view and its answer, and what a crash or a repeat changes.

mod idempotency;
mod lists;
mod moves;
mod recovery;
mod rules;
mod runs;
mod signals;
mod story;
mod waiting;
