//! Commands of the reader's own, run with `sh -c`. Standard output is for data, so what they say goes to standard error.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Command;

/// A command that takes longer is killed: whatever comes next waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// Runs a command line with these variables, to its end or to the end of patience.
pub(super) async fn run<const N: usize>(line: &str, variables: [(&'static str, String); N]) -> anyhow::Result<()> {
    run_for(line, variables, PATIENCE).await
}

async fn run_for<const N: usize>(
    line: &str,
    variables: [(&'static str, String); N],
    patience: Duration,
) -> anyhow::Result<()> {
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(line).envs(variables).stdin(Stdio::null()).stdout(io::stderr());
    // A group of its own, so that what the shell started ends with it.
    let mut child = shell.process_group(0).kill_on_drop(true).spawn().context("cannot run sh")?;
    let Ok(ended) = tokio::time::timeout(patience, child.wait()).await else {
        if let Some(group) = child.id().and_then(|id| i32::try_from(id).ok()) {
            // Ended in the meantime is as good.
            let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
        }
        child.wait().await.context("cannot tell how it ended")?;
        bail!("it did not end within {} s and was killed", patience.as_secs());
    };
    let status = ended.context("cannot tell how it ended")?;
    if status.success() { Ok(()) } else { bail!("it ended with {status}") }
}

#[cfg(test)]
mod tests {
    use shared::clock::Clock;

    use super::*;

    // CLI-7
    #[tokio::test]
    async fn a_command_that_fails_says_how() {
        run("test \"$AGENTFORUM_AGENT\" = ada", [("AGENTFORUM_AGENT", "ada".to_owned())]).await.expect("it succeeds");
        let failed = run("exit 3", []).await.expect_err("it fails");
        assert!(failed.to_string().contains("exit status: 3"), "{failed}");
    }

    // CLI-7
    #[tokio::test]
    async fn a_command_that_hangs_is_killed() {
        let stopwatch = Clock::stopwatch();
        let killed = run_for("sleep 600 & wait", [], Duration::from_secs(1)).await.expect_err("it hangs");
        assert_eq!(killed.to_string(), "it did not end within 1 s and was killed");
        assert!(stopwatch.elapsed() < Duration::from_secs(20));
    }
}
