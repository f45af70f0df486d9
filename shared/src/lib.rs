//! What all functions of agentforum share. A module may use only the modules above it in this list.

pub mod clock;
pub mod id;

pub mod value;

pub mod error;
pub mod message;

pub mod domain;

pub mod config;
pub mod secrets;
pub mod telemetry;

pub mod generation;

pub mod store;
pub mod transport;

pub mod live;
pub mod readiness;
pub mod slots;
pub mod worker;

pub mod auth;
pub mod probe;

pub mod ctx;

pub mod function;
pub mod lambda;

pub mod client;
