//! `session start`: an agent's session, or the one that its launcher knows already.

use std::process::ExitCode;

use clap::Args;
use shared::value::SessionKind;

use super::change;
use crate::cli::forum::{body, words};
use crate::cli::globals::Globals;
use crate::cli::reply::{Payload, Write};

/// Arguments of `session start`. What is not given leaves what is stored.
#[derive(Args)]
pub(in crate::cli) struct Start {
    /// The ticket it works on; unset, the run's first
    #[arg(long)]
    ticket: Option<String>,
    /// The run it belongs to; its agent joins the run's agents
    #[arg(long, value_name = "ID", requires = "agent")]
    run: Option<String>,
    /// The agent that works in it
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// What it is for
    #[arg(long, value_parser = words::<SessionKind>(), ignore_case = true)]
    kind: Option<String>,
    /// The program that the agent runs in, such as `claude-code` or `codex`
    #[arg(long, value_name = "NAME")]
    harness: Option<String>,
    /// What its launcher calls it: a second start with the same id finds the first session
    #[arg(long, value_name = "ID")]
    external_id: Option<String>,
    /// What the agent was told; `-` reads it from stdin
    #[arg(long, value_name = "TEXT")]
    prompt: Option<String>,
    /// Where its work belongs: `owner/name`, or an address that ends so
    #[arg(long, value_name = "NAME")]
    repository: Option<String>,
    /// The branch it works on
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// The directory it works in
    #[arg(long, value_name = "PATH")]
    workspace: Option<String>,
    /// What runs it, such as `process` or `tmux`
    #[arg(long, value_name = "NAME")]
    runtime: Option<String>,
    /// Its name in there: a process id, a tmux target
    #[arg(long, value_name = "ID")]
    handle: Option<String>,
    /// The agent's own id of the session
    #[arg(long, value_name = "ID")]
    agent_session: Option<String>,
    /// This launch: reports that name another one are not heeded
    #[arg(long, value_name = "ID")]
    launch: Option<String>,
    #[command(flatten)]
    write: Write,
}

impl Start {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let payload = Payload::default()
            .with_any("ticket", self.ticket)
            .with_any("run_id", self.run)
            .with_any("agent_name", self.agent)
            .with_any("kind", self.kind)
            .with_any("harness", self.harness)
            .with_any("external_session_id", self.external_id)
            .with_any("prompt", self.prompt.map(body).transpose()?)
            .with_any("repository", self.repository)
            .with_any("branch", self.branch)
            .with_any("workspace_path", self.workspace)
            .with_any("runtime_name", self.runtime)
            .with_any("runtime_handle_id", self.handle)
            .with_any("agent_session_id", self.agent_session)
            .with_any("launch_id", self.launch);
        change(globals, &["sessions"], payload, &self.write).await
    }
}
