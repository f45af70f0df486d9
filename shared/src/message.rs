//! What travels: the envelope of every queue message, the commands' payloads, and the events of the log.

pub mod command;
pub mod envelope;
pub mod event;
