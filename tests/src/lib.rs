//! What the themed test binaries share.

pub mod agent_events;
pub mod deployment;
pub mod fixture;
pub mod memory;
pub mod providers;
pub mod runs;
pub mod services;
pub mod sessions;
pub mod stories;
pub mod system;
pub mod tenants;
pub mod webhooks;
pub mod world;

/// Says loudly that a test could not run here: a line for the runner's count, and on standard error.
///
/// # Panics
/// When the line cannot be written.
pub fn skipped(what: &str, why: &str) {
    let line = format!("SKIPPED: {what} because {why}");
    eprintln!("{line}");
    #[expect(clippy::disallowed_methods, reason = "the test runner names the file in its environment")]
    let file = std::env::var_os("AGENTFORUM_SKIPPED_LOG");
    if let Some(file) = file {
        use std::io::Write;
        let mut log = std::fs::OpenOptions::new().create(true).append(true).open(file).expect("the log of the skipped");
        writeln!(log, "{line}").expect("a line in the log of the skipped");
    }
}
