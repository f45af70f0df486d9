//! `session end`, `session kill` and `session restore`: how a session ends, and how it begins again.

use std::process::ExitCode;

use clap::Args;

use super::change;
use crate::cli::globals::Globals;
use crate::cli::reply::{Payload, Write};

/// Arguments of `session end`.
#[derive(Args)]
pub(in crate::cli) struct End {
    /// The session's id
    id: String,
    /// How it ends; unset, its work is done
    #[arg(long, value_parser = ["done", "launch_failed", "cleanup"], ignore_case = true)]
    outcome: Option<String>,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    write: Write,
}

/// Arguments of `session kill`.
#[derive(Args)]
pub(in crate::cli) struct Kill {
    /// The session's id
    id: String,
    /// Why
    #[arg(long, value_name = "TEXT")]
    reason: Option<String>,
    #[command(flatten)]
    write: Write,
}

/// Arguments of `session restore`. What is not given leaves what is stored.
#[derive(Args)]
pub(in crate::cli) struct Restore {
    /// The session's id
    id: String,
    /// The new launch: reports that name another one are not heeded
    #[arg(long, value_name = "ID")]
    launch: Option<String>,
    /// Its name in what runs it: a process id, a tmux target
    #[arg(long, value_name = "ID")]
    handle: Option<String>,
    /// What runs it, such as `process` or `tmux`
    #[arg(long, value_name = "NAME")]
    runtime: Option<String>,
    #[command(flatten)]
    write: Write,
}

impl End {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let payload = Payload::default().with_any("outcome", self.outcome).with_any("reason", self.reason);
        change(globals, &["sessions", &self.id, "end"], payload, &self.write).await
    }
}

impl Kill {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let payload = Payload::default().with_any("reason", self.reason);
        change(globals, &["sessions", &self.id, "kill"], payload, &self.write).await
    }
}

impl Restore {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let payload = Payload::default()
            .with_any("launch_id", self.launch)
            .with_any("runtime_handle_id", self.handle)
            .with_any("runtime_name", self.runtime);
        change(globals, &["sessions", &self.id, "restore"], payload, &self.write).await
    }
}
