//! The rules of the design that a test can check, read from the workspace's own sources. A broken one names file and line.

mod crates;
mod files;
mod layers;
mod modules;
mod sources;
mod sql;
mod template;
mod tenants;

/// Fails with everything that was found, one per line.
fn expect_nothing(rule: &str, found: &[String]) {
    assert!(found.is_empty(), "{rule}:\n{}", found.join("\n"));
}
