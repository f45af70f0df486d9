//! The rules' nouns, pure: state as the command side keeps it, the events that change it, and how they do.

pub mod control;
pub mod job;
pub mod pull_request;
pub mod reaction;
pub mod run;
pub mod session;
pub mod thread;
