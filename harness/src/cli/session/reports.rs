//! `session activity` and `session runtime`: what an agent does, and what a probe of it found.

use std::process::ExitCode;

use clap::Args;
use shared::value::{Activity as Doing, ProbeResult};

use super::change;
use crate::cli::forum::words;
use crate::cli::globals::Globals;
use crate::cli::reply::{Payload, Write};

/// Arguments of `session activity`. What is not given leaves what is stored.
#[derive(Args)]
pub(in crate::cli) struct ActivityReport {
    /// The session's id
    id: String,
    /// What the agent does
    #[arg(value_parser = words::<Doing>(), ignore_case = true, required_unless_present = "agent_session")]
    activity: Option<String>,
    /// What saw it, such as a hook's name
    #[arg(long, value_name = "NAME")]
    source: Option<String>,
    /// The launch that reports; another one than the session's is not heeded
    #[arg(long, value_name = "ID")]
    launch: Option<String>,
    /// The agent's own id of the session
    #[arg(long, value_name = "ID")]
    agent_session: Option<String>,
    /// The branch it works on
    #[arg(long, value_name = "NAME")]
    branch: Option<String>,
    /// The directory it works in
    #[arg(long, value_name = "PATH")]
    workspace: Option<String>,
    /// Its name in what runs it: a process id, a tmux target
    #[arg(long, value_name = "ID")]
    handle: Option<String>,
    /// Whether the directory holds what is not committed
    #[arg(long)]
    dirty: Option<bool>,
    /// The report must not be believed: it changes nothing
    #[arg(long)]
    invalid: bool,
    #[command(flatten)]
    write: Write,
}

/// Arguments of `session runtime`.
#[derive(Args)]
pub(in crate::cli) struct RuntimeReport {
    /// The session's id
    id: String,
    /// What was found of what runs the agent
    #[arg(long, value_parser = words::<ProbeResult>(), ignore_case = true)]
    runtime: String,
    /// What was found of the agent's process
    #[arg(long, value_parser = words::<ProbeResult>(), ignore_case = true)]
    process: String,
    /// What the probe saw
    #[arg(long, value_name = "TEXT")]
    evidence: Option<String>,
    /// The launch that was probed; another one than the session's is not heeded
    #[arg(long, value_name = "ID")]
    launch: Option<String>,
    #[command(flatten)]
    write: Write,
}

impl ActivityReport {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let payload = Payload::default()
            .with_any("activity", self.activity)
            .with_any("valid", self.invalid.then_some(false))
            .with_any("source", self.source)
            .with_any("launch_id", self.launch)
            .with_any("agent_session_id", self.agent_session)
            .with_any("branch", self.branch)
            .with_any("workspace_path", self.workspace)
            .with_any("runtime_handle_id", self.handle)
            .with_any("workspace_dirty", self.dirty);
        change(globals, &["sessions", &self.id, "activity"], payload, &self.write).await
    }
}

impl RuntimeReport {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let payload = Payload::default()
            .with("runtime", self.runtime)
            .with("process", self.process)
            .with_any("evidence", self.evidence)
            .with_any("launch_id", self.launch);
        change(globals, &["sessions", &self.id, "runtime"], payload, &self.write).await
    }
}
