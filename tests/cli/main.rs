//! The command line as a person or a script meets it: the real program against a running system.

mod background;
mod backups;
mod command;
mod demo;
mod deployment;
mod doctor;
mod exits;
mod follow;
mod jobs;
mod local;
mod logging;
mod memory;
mod notifications;
mod notifier;
mod operations;
mod retries;
mod runs;
mod sessions;
mod talk;
mod tenants;
