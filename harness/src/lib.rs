//! The whole system in one process: every function, the HTTP server, the live tail, the clock's sweeps. `agentforum up`
//! runs it, and tests use it as it is.

pub mod cli;
mod container;
mod demo;
mod doctor;
pub mod functions;
mod local;
mod notifier;
pub mod probes;
mod runtime_files;
mod server;
mod system;
pub mod up;
mod websocket;
mod workers;

pub use system::{Harness, HarnessError, Pace};
