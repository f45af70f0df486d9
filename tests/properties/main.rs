//! What must hold for every input, tried on generated ones.

mod envelopes;
mod filters;
mod gates;
mod ids;
mod words;

/// Enough cases to find mistakes, and no file that remembers them: a found one becomes a test of its own.
fn config() -> proptest::test_runner::Config {
    proptest::test_runner::Config { cases: 256, failure_persistence: None, ..Default::default() }
}
