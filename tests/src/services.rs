//! The real services that tests run against, and where each comes from.

pub mod moto;
pub mod redis;
pub mod running;
pub mod sqld;

use std::net::{TcpListener, TcpStream};
use std::path::PathBuf;
use std::time::Duration;

use shared::clock::Clock;

/// A service that needs longer than this does not come.
const PATIENCE: Duration = Duration::from_secs(60);

/// Waits until something listens on a port of this machine.
///
/// # Panics
/// When nothing does in time.
pub fn listening(what: &str, port: u16) {
    let stopwatch = Clock::stopwatch();
    while TcpStream::connect(("127.0.0.1", port)).is_err() {
        assert!(stopwatch.elapsed() < PATIENCE, "{what} does not answer");
        std::thread::park_timeout(Duration::from_millis(5));
    }
}

/// A port that was free a moment ago.
///
/// # Panics
/// When none is.
#[must_use]
pub fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port").port()
}

/// The directory that the running test was built into.
///
/// # Panics
/// When the test does not know where it is.
#[must_use]
pub fn target() -> PathBuf {
    let test = std::env::current_exe().expect("the test's own path");
    // target/<profile>/deps/<test>
    test.ancestors().nth(3).expect("a target directory").to_owned()
}

/// The program of this name on PATH.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "where programs are is said by the environment")]
pub fn on_path(name: &str) -> Option<PathBuf> {
    let paths = std::env::var_os("PATH").unwrap_or_default();
    std::env::split_paths(&paths).map(|path| path.join(name)).find(|path| path.is_file())
}

/// Says loudly that a test could not run for want of a service; where all are required, that is a failure.
///
/// # Panics
/// With `AGENTFORUM_REQUIRE_ALL` in the environment.
pub fn missing(what: &str, why: &str) {
    #[expect(clippy::disallowed_methods, reason = "whoever runs the tests says so in their environment")]
    let required = std::env::var_os("AGENTFORUM_REQUIRE_ALL").is_some_and(|value| !value.is_empty());
    crate::skipped(what, why);
    assert!(!required, "{what} is required: {why}");
}
