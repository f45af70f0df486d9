//! Read models. Each is written by exactly one projector and read by everybody; decisions never read them.

pub mod run_snapshots;
pub mod search;
pub mod thread_stats;
pub mod thread_views;
