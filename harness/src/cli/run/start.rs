//! `run start`: a run over one or more tickets.

use std::process::ExitCode;

use clap::Args;
use shared::value::RunMode;

use super::{Brief, show};
use crate::cli::forum::words;
use crate::cli::globals::Globals;
use crate::cli::reply::{Payload, Write, send};

/// Arguments of `run start`.
#[derive(Args)]
pub(in crate::cli) struct Start {
    /// A ticket it works on; may be repeated
    #[arg(long = "ticket", value_name = "TICKET", required = true)]
    tickets: Vec<String>,
    /// What it is about, in one line; unset, its tickets
    #[arg(long)]
    title: Option<String>,
    /// What closing it takes: that it is completed, or that every agent has proved the brief's criteria
    #[arg(long, value_parser = words::<RunMode>(), ignore_case = true)]
    mode: Option<String>,
    /// An agent that works on it; may be repeated
    #[arg(long = "agent", value_name = "NAME")]
    agents: Vec<String>,
    #[command(flatten)]
    brief: Brief,
    /// The state to start in; unset, it runs
    #[arg(long, value_name = "STATE", value_parser = ["created", "planning", "running"], ignore_case = true)]
    until: Option<String>,
    #[command(flatten)]
    write: Write,
}

impl Start {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let agents = (!self.agents.is_empty()).then_some(self.agents);
        let payload = Payload::default()
            .with("tickets", self.tickets)
            .with_any("title", self.title)
            .with_any("mode", self.mode)
            .with_any("agents", agents)
            .with_any("brief", self.brief.given())
            .with_any("until", self.until);
        let session = globals.session()?;
        let document = send(&session, &["runs"], payload, &self.write).await?;
        show(&session, &document)?;
        Ok(ExitCode::SUCCESS)
    }
}
