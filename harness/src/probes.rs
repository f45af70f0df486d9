//! The runtimes that this process can probe: what agents run in on its own machine (SPEC SESSION-27). A probe that cannot
//! tell says so; it never guesses that an agent is dead.

mod process;
mod tmux;

use shared::probe::{Finding, Runtime};
use shared::value::ProbeResult;

/// By process id, and by tmux target.
pub static RUNTIMES: &[Runtime] =
    &[Runtime { name: "process", probe: process::probe }, Runtime { name: "tmux", probe: tmux::probe }];

fn found(runtime: ProbeResult, process: ProbeResult, evidence: impl Into<String>) -> Finding {
    Finding { runtime, process, evidence: evidence.into() }
}

/// The probe itself came to nothing, which says nothing of the agent.
fn failed(evidence: impl Into<String>) -> Finding {
    found(ProbeResult::Failed, ProbeResult::Failed, evidence)
}
