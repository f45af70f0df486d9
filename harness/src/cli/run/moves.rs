//! `run state` and `run close`: one move of one run each.

use std::process::ExitCode;

use clap::Args;
use shared::value::RunState;

use super::{Brief, show};
use crate::cli::forum::words;
use crate::cli::globals::Globals;
use crate::cli::reply::{Payload, Write, send};

/// Arguments of `run state`.
#[derive(Args)]
pub(in crate::cli) struct State {
    /// The run's id
    id: String,
    /// The state to move to; `run close` is the one way to `closed`
    #[arg(value_name = "STATE", value_parser = words::<RunState>(), ignore_case = true)]
    to: String,
    /// Why
    #[arg(long)]
    reason: Option<String>,
    #[command(flatten)]
    brief: Brief,
    #[command(flatten)]
    write: Write,
}

/// Arguments of `run close`.
#[derive(Args)]
pub(in crate::cli) struct Close {
    /// The run's id
    id: String,
    #[command(flatten)]
    write: Write,
}

impl State {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let payload = Payload::default()
            .with("state", self.to)
            .with_any("reason", self.reason)
            .with_any("brief", self.brief.given());
        change(globals, &["runs", &self.id, "state"], payload, &self.write).await
    }
}

impl Close {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        change(globals, &["runs", &self.id, "close"], Payload::default(), &self.write).await
    }
}

async fn change(globals: &Globals, path: &[&str], payload: Payload, write: &Write) -> anyhow::Result<ExitCode> {
    let session = globals.session()?;
    let document = send(&session, path, payload, write).await?;
    show(&session, &document)?;
    Ok(ExitCode::SUCCESS)
}
