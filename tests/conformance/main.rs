//! What every store and every transport must do, whatever is behind it.

mod claims;
mod concurrency;
mod file;
mod guards;
mod log;
mod memory;
mod outbox;
mod plans;
mod redis;
mod soak;
mod sqs;
mod transport;
