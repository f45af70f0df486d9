//! `operator`: every interval one decision per run, by the server's rules. Without `--execute` nothing is done about them
//! (CLI-8).

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
use super::run::open_runs;
use super::{duration, text};

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
        let order = json!({ "execute": self.execute });
        let document = session.client.create(&["runs", run, "operator"], &order).await?;
        if session.output.json {
            let mut decision: Map<String, Value> = document.read()?;
            decision.insert("run_id".to_owned(), run.into());
            session.output.json(&Value::Object(decision).to_string())?;
        } else {
            Output::text(&line(run, &document.read()?))?;
        }
        Ok(())
    }
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
}
