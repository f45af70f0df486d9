//! The real services that tests run against, and where each comes from.

pub mod redis;

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
