//! `operator`: every interval one decision per run, by the server's rules. Without `--execute` nothing is done about them
//! (CLI-8). Starting an agent again is done here, by a command of the reader's own; the server counts it.

use std::process::ExitCode;
use std::time::Duration;

use clap::Args;
use serde::Deserialize;
use serde_json::{Map, Value, json};
use shared::client::ClientError;
use tokio::time::MissedTickBehavior;

use super::globals::{Globals, Session};
use super::interrupt::until_interrupted;
use super::output::Output;
use super::run::{Snapshot, open_runs};
use super::{duration, shell, text};

/// Arguments of `operator`.
#[derive(Args)]
pub(super) struct Operator {
    /// Only this run; unset, every run that is not closed
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Time between two decisions about a run
    #[arg(long, value_name = "DURATION", default_value = "15s", value_parser = duration::parse)]
    interval: Duration,
    /// Do what is decided
    #[arg(long)]
    execute: bool,
    /// With `--execute`, run this with `sh -c` to start an agent again, at most 30 s long; `AGENTFORUM_RUN_ID`,
    /// `AGENTFORUM_AGENT` and `AGENTFORUM_SESSION_ID` say which
    #[arg(long, value_name = "COMMAND")]
    restart_command: Option<String>,
}

/// What the server decided, as far as it is shown.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Decision {
    intent: String,
    reason: String,
    agent_name: Option<String>,
    executed: bool,
}

impl Operator {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        if !self.execute {
            session.output.note("deciding only; --execute acts");
        }
        until_interrupted(self.operate(&session)).await
    }

    async fn operate(&self, session: &Session) -> anyhow::Result<()> {
        let mut ticks = tokio::time::interval(self.interval);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        let mut met = false;
        loop {
            ticks.tick().await;
            match self.interval(session).await {
                Ok(()) => met = true,
                // A server that was never there is probably not running: nobody waits for it.
                Err(error) if met && error.downcast_ref::<ClientError>().is_some_and(ClientError::passes) => {
                    warn(session, &error);
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// One decision about each run.
    async fn interval(&self, session: &Session) -> anyhow::Result<()> {
        let runs = match &self.run {
            Some(run) => vec![run.clone()],
            None => open_runs(session, None).await?,
        };
        for run in runs {
            match self.decide(session, &run).await {
                // What the server cannot do about one run says nothing of the others.
                Err(error) if self.run.is_none() && is_about_the_run(&error) => warn(session, &error),
                decided => decided?,
            }
        }
        Ok(())
    }

    async fn decide(&self, session: &Session, run: &str) -> anyhow::Result<()> {
        let command = self.restart_command.as_deref().filter(|_| self.execute);
        let order = order(self.execute, command.is_some());
        let document = session.client.create(&["runs", run, "operator"], &order).await?;
        let decision: Decision = document.read()?;
        if session.output.json {
            let mut shown: Map<String, Value> = document.read()?;
            shown.insert("run_id".to_owned(), run.into());
            session.output.json(&Value::Object(shown).to_string())?;
        } else {
            Output::text(&line(run, &decision))?;
        }
        if let Some(command) = command.filter(|_| decision.is_restart()) {
            restart(session, command, run, decision.agent_name.as_deref().unwrap_or_default()).await;
        }
        Ok(())
    }
}

impl Decision {
    /// Whether the server counts on an agent being started again.
    fn is_restart(&self) -> bool {
        self.intent == "restart" && self.executed
    }
}

/// What the server is asked for: it takes a restart for done only where somebody can do it.
fn order(execute: bool, restarts: bool) -> Value {
    if restarts { json!({ "execute": execute, "restarts": true }) } else { json!({ "execute": execute }) }
}

/// Runs the command that starts an agent again. Its failure is only told: the next intervals see that it did not help.
async fn restart(session: &Session, command: &str, run: &str, agent: &str) {
    let session_id = match session_of(session, run, agent).await {
        Ok(session_id) => session_id.unwrap_or_default(),
        Err(error) => {
            let error = text::line(&format!("{error:#}"));
            session.output.note(&format!("warning: the session of {} is not known: {error}", text::line(agent)));
            String::new()
        }
    };
    // Each is there also when it has nothing to say, so that none is inherited.
    let variables =
        [("AGENTFORUM_RUN_ID", run), ("AGENTFORUM_AGENT", agent), ("AGENTFORUM_SESSION_ID", session_id.as_str())];
    if let Err(error) = shell::run(command, variables.map(|(name, value)| (name, text::line(value)))).await {
        session.output.note(&format!("warning: --restart-command: {error:#}"));
    }
}

/// The newest session of an agent, by its run's snapshot.
async fn session_of(session: &Session, run: &str, agent: &str) -> anyhow::Result<Option<String>> {
    let snapshot: Snapshot = session.client.get(&["runs", run, "snapshot"], &[]).await?.read()?;
    Ok(snapshot.agent(agent).and_then(|agent| agent.session_id.clone()))
}

fn warn(session: &Session, error: &anyhow::Error) {
    session.output.note(&format!("warning: {}; trying again", text::line(&format!("{error:#}"))));
}

/// Whether the server answered, and failed or found nothing.
fn is_about_the_run(error: &anyhow::Error) -> bool {
    match error.downcast_ref() {
        Some(ClientError::Problem { problem, .. }) => problem.status == 404 || problem.status >= 500,
        _ => false,
    }
}

fn line(run: &str, decision: &Decision) -> String {
    let agent = decision.agent_name.as_ref().map_or_else(|| "-".to_owned(), |agent| text::line(agent));
    let executed = if decision.executed { "executed" } else { "not executed" };
    let [run, intent, reason] = [run, &decision.intent, &decision.reason].map(text::line);
    format!("{run}  {intent}  {agent}  {reason}  {executed}")
}

#[cfg(test)]
mod tests {
    use super::*;

    // CLI-8, SEC-6
    #[test]
    fn a_decision_is_one_line() {
        let text = r#"{"intent":"escalate_guidance","reason":"ada\n\u001b[2J waits for guidance","agent_name":"ada",
            "counters":{"confirmations":0,"restarts":0},"executed":true}"#;
        let decision: Decision = serde_json::from_str(text).expect("a decision");
        assert_eq!(line("run_1", &decision), "run_1  escalate_guidance  ada  ada [2J waits for guidance  executed");
        let noop = Decision { intent: "noop".to_owned(), reason: "healthy".to_owned(), ..Decision::default() };
        assert_eq!(line("run_1", &noop), "run_1  noop  -  healthy  not executed");
    }

    // RUN-21
    #[test]
    fn a_restart_is_asked_for_where_it_can_be_done_and_done_where_the_server_counts_it() {
        assert_eq!(order(true, true), json!({"execute": true, "restarts": true}));
        assert_eq!(order(true, false), json!({"execute": true}));
        let decided = |intent: &str, executed| Decision { intent: intent.to_owned(), executed, ..Decision::default() };
        assert!(decided("restart", true).is_restart());
        assert!(!decided("restart", false).is_restart() && !decided("escalate_blocked", true).is_restart());
    }
}
