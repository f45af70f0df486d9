//! `--notify-command`: a command of the reader's own, run once per alert (CLI-7). Alerts are data on standard output, so what
//! the command says goes to standard error.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use anyhow::{Context, bail};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::process::Command;

use super::changes::Alert;
use crate::cli::text;

/// A command that takes longer is killed: further alerts wait for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// A command line for `sh`.
pub(super) struct Notifier(pub(super) String);

impl Notifier {
    /// Runs the command for one alert, to its end or to the end of patience.
    pub(super) async fn run(&self, alert: &Alert) -> anyhow::Result<()> {
        self.run_for(alert, PATIENCE).await
    }

    async fn run_for(&self, alert: &Alert, patience: Duration) -> anyhow::Result<()> {
        let mut shell = Command::new("sh");
        shell.arg("-c").arg(&self.0).envs(variables(alert)).stdin(Stdio::null()).stdout(io::stderr());
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
}

/// What the command is told. A variable is there also when it has nothing to say, so that none is inherited.
fn variables(alert: &Alert) -> [(&'static str, String); 5] {
    let or_empty = |text: &Option<String>| text.as_deref().map(text::line).unwrap_or_default();
    [
        ("AGENTFORUM_ALERT", alert.kind.to_owned()),
        ("AGENTFORUM_RUN_ID", text::line(&alert.run_id)),
        ("AGENTFORUM_AGENT", or_empty(&alert.agent_name)),
        ("AGENTFORUM_THREAD_ID", or_empty(&alert.thread_id)),
        ("AGENTFORUM_HINT", text::line(&alert.hint)),
    ]
}

#[cfg(test)]
mod tests {
    use shared::clock::Clock;

    use super::*;

    fn alert() -> Alert {
        Alert {
            kind: "run_done",
            run_id: "run_1".to_owned(),
            agent_name: None,
            thread_id: Some("ctl_1".to_owned()),
            title: "T".to_owned(),
            hint: "close\nit\u{0}".to_owned(),
            at_pos: 7,
        }
    }

    // CLI-7
    #[tokio::test]
    async fn the_command_is_told_what_it_is_about_and_its_failure_is_reported() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("said");
        let said = "$AGENTFORUM_ALERT|$AGENTFORUM_RUN_ID|${AGENTFORUM_AGENT-unset}|$AGENTFORUM_THREAD_ID";
        let command = format!("printf '%s' \"{said}|$AGENTFORUM_HINT\" > '{}'", file.display());
        Notifier(command).run(&alert()).await.expect("it succeeds");
        let said = std::fs::read_to_string(&file).expect("what it was told");
        assert_eq!(said, "run_done|run_1||ctl_1|close it");
        let failed = Notifier("exit 3".to_owned()).run(&alert()).await.expect_err("it fails");
        assert!(failed.to_string().contains("exit status: 3"), "{failed}");
    }

    // CLI-7
    #[tokio::test]
    async fn a_command_that_hangs_is_killed() {
        let stopwatch = Clock::stopwatch();
        let hanging = Notifier("sleep 600 & wait".to_owned());
        let killed = hanging.run_for(&alert(), Duration::from_secs(1)).await.expect_err("it hangs");
        assert_eq!(killed.to_string(), "it did not end within 1 s and was killed");
        assert!(stopwatch.elapsed() < Duration::from_secs(20));
    }
}
