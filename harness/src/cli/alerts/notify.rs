//! `--notify-command`: a command of the reader's own, run once per alert (CLI-7).

use super::changes::Alert;
use crate::cli::{shell, text};

/// A command line for `sh`.
pub(super) struct Notifier(pub(super) String);

impl Notifier {
    /// Runs the command for one alert.
    pub(super) async fn run(&self, alert: &Alert) -> anyhow::Result<()> {
        shell::run(&self.0, variables(alert)).await
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
    use super::*;

    // CLI-7
    #[tokio::test]
    async fn the_command_is_told_what_it_is_about_and_its_failure_is_reported() {
        let alert = Alert {
            kind: "run_done",
            run_id: "run_1".to_owned(),
            agent_name: None,
            thread_id: Some("ctl_1".to_owned()),
            title: "T".to_owned(),
            hint: "close\nit\u{0}".to_owned(),
            at_pos: 7,
        };
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("said");
        let said = "$AGENTFORUM_ALERT|$AGENTFORUM_RUN_ID|${AGENTFORUM_AGENT-unset}|$AGENTFORUM_THREAD_ID";
        let command = format!("printf '%s' \"{said}|$AGENTFORUM_HINT\" > '{}'", file.display());
        Notifier(command).run(&alert).await.expect("it succeeds");
        let said = std::fs::read_to_string(&file).expect("what it was told");
        assert_eq!(said, "run_done|run_1||ctl_1|close it");
        let failed = Notifier("exit 3".to_owned()).run(&alert).await.expect_err("it fails");
        assert!(failed.to_string().contains("exit status: 3"), "{failed}");
    }
}
