//! `agentforum completions`: the completion script of a shell, from the definition of the command line itself.

use std::process::ExitCode;

use clap::Command;
use clap_complete::Shell;

use super::output::Output;

pub(super) fn run(shell: Shell, command: &mut Command) -> anyhow::Result<ExitCode> {
    // The generator panics where it cannot write, as on a closed stdout; memory takes everything.
    let mut script = Vec::new();
    clap_complete::generate(shell, command, "agentforum", &mut script);
    Output::text(&String::from_utf8_lossy(&script))?;
    Ok(ExitCode::SUCCESS)
}
