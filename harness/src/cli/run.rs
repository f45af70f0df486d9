//! `agentforum run`: its commands, and what they have in common.

mod list;
mod moves;
mod show;
mod snapshot;
mod start;
mod views;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use serde::Deserialize;
use serde_json::{Map, Value};
use shared::client::Document;

use super::globals::{Globals, Session};
use super::output::Output;
use super::{reply, text};

pub(super) use list::open_runs;
pub(super) use views::{RunView, Snapshot};

/// Commands on runs.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Start a run over one or more tickets
    Start(start::Start),
    /// List runs, the newest first
    List(list::List),
    /// Show one run: where it stands and what it is for
    Show(show::Show),
    /// Show what a run waits for and what that costs, what keeps it from closing, and what to do next
    Snapshot(snapshot::Show),
    /// Move a run to another state
    State(moves::State),
    /// Close a run for good; refused with every gate that is shut
    Close(moves::Close),
}

pub(super) async fn run(globals: &Globals, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Start(start) => start.run(globals).await,
        Command::List(list) => list.run(globals).await,
        Command::Show(show) => show.run(globals).await,
        Command::Snapshot(show) => show.run(globals).await,
        Command::State(state) => state.run(globals).await,
        Command::Close(close) => close.run(globals).await,
    }
}

/// What a run is for, and when it is done.
#[derive(Args)]
struct Brief {
    /// What is to be achieved
    #[arg(long, value_name = "TEXT")]
    goal: Option<String>,
    /// What belongs to it and what does not
    #[arg(long, value_name = "TEXT")]
    scope: Option<String>,
    /// What must hold in the end; validations name the same
    #[arg(long, value_name = "TEXT")]
    done_criteria: Option<String>,
    /// What must be respected on the way
    #[arg(long, value_name = "TEXT")]
    constraints: Option<String>,
}

impl Brief {
    /// As the server takes it; none if nothing of it was given.
    fn given(self) -> Option<Value> {
        let parts = [
            ("goal", self.goal),
            ("scope", self.scope),
            ("done_criteria", self.done_criteria),
            ("constraints", self.constraints),
        ];
        let given = parts.into_iter().filter_map(|(name, part)| Some((name.to_owned(), Value::from(part?))));
        let given: Map<_, _> = given.collect();
        (!given.is_empty()).then_some(Value::Object(given))
    }
}

/// The run in a command's outcome, once it is applied.
#[derive(Deserialize)]
struct Applied {
    run: Option<RunView>,
}

/// Prints the outcome of a command on a run.
fn show(session: &Session, document: &Document) -> anyhow::Result<()> {
    let applied: Applied = document.read()?;
    match applied.run {
        Some(run) if !session.output.json => {
            Output::text(&format!("{}  {}", text::line(&run.run_id), text::line(&run.state)))?;
        }
        _ => reply::show(session, document)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_brief_of_which_nothing_was_given_is_not_sent() {
        let brief = || Brief { goal: None, scope: None, done_criteria: None, constraints: None };
        assert_eq!(brief().given(), None);
        let given = Brief { done_criteria: Some("tests pass".to_owned()), ..brief() }.given();
        assert_eq!(given, Some(serde_json::json!({"done_criteria": "tests pass"})));
    }

    // CMD-2
    #[test]
    fn the_run_is_read_from_an_outcome_and_missing_from_one_that_is_not_finished() {
        let read = |text: &str| serde_json::from_str::<Applied>(text).map(|it| it.run.map(|run| run.run_id)).ok();
        let done = r#"{"command":{"command_id":"cmd_1","status":"applied"},"run":{"run_id":"run_1","new":1}}"#;
        assert_eq!(read(done), Some(Some("run_1".to_owned())));
        assert_eq!(read(r#"{"command":{"command_id":"cmd_1","status":"accepted"}}"#), Some(None));
    }
}
