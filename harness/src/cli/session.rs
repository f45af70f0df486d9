//! `agentforum session`: its commands, and what they have in common.

mod ends;
mod inbox;
mod list;
mod reports;
mod show;
mod start;
mod views;

use std::process::ExitCode;

use clap::Subcommand;
use serde::Deserialize;
use shared::client::Document;

use super::documents::Outcome;
use super::globals::{Globals, Session};
use super::output::Output;
use super::reply::{self, Payload, Write, send};
use super::text;
use views::SessionView;

/// What a report that changed nothing was.
const NOT_HEEDED: &str = "note: nothing was changed: the session is over, or the report came from another launch, is \
                          older than the last one, or is marked as invalid";

/// Commands on the working sessions of agents.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Start a session, or find the one that is known under the same external id
    Start(start::Start),
    /// List sessions, the newest first
    List(list::List),
    /// Show one session: what it does, why it counts as that, and its pull requests
    Show(show::Show),
    /// Report what a session's agent does
    Activity(reports::ActivityReport),
    /// Report what a probe of a session's runtime and of its agent's process found
    Runtime(reports::RuntimeReport),
    /// End a session that is done, could not be launched, or is not needed any more
    End(ends::End),
    /// End a session by hand; nobody is told
    Kill(ends::Kill),
    /// Open a session again after it ended
    Restore(ends::Restore),
    /// Show what a session's agent has not read, or note that it has read it
    Inbox(inbox::Inbox),
    /// Send a message to a session's agent
    Send(inbox::Send),
}

pub(super) async fn run(globals: &Globals, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Start(start) => start.run(globals).await,
        Command::List(list) => list.run(globals).await,
        Command::Show(show) => show.run(globals).await,
        Command::Activity(activity) => activity.run(globals).await,
        Command::Runtime(runtime) => runtime.run(globals).await,
        Command::End(end) => end.run(globals).await,
        Command::Kill(kill) => kill.run(globals).await,
        Command::Restore(restore) => restore.run(globals).await,
        Command::Inbox(inbox) => inbox.run(globals).await,
        Command::Send(send) => send.run(globals).await,
    }
}

/// The agent's session in a command's outcome, once it is applied.
#[derive(Deserialize)]
struct Applied {
    session: Option<SessionView>,
}

/// Sends a command on an agent's session and prints its outcome.
async fn change(globals: &Globals, path: &[&str], payload: Payload, write: &Write) -> anyhow::Result<ExitCode> {
    let session = globals.session()?;
    let document = send(&session, path, payload, write).await?;
    show(&session, &document)?;
    Ok(ExitCode::SUCCESS)
}

fn show(session: &Session, document: &Document) -> anyhow::Result<()> {
    let (outcome, applied): (Outcome, Applied) = (document.read()?, document.read()?);
    if outcome.ignored() {
        session.output.note(NOT_HEEDED);
    }
    match applied.session {
        Some(of) if !session.output.json => {
            Output::text(&format!("{}  {}", text::line(&of.session_id), text::line(&of.status)))?;
        }
        _ => reply::show(session, document)?,
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    // CMD-2
    #[test]
    fn the_session_is_read_from_an_outcome_and_missing_from_one_that_is_not_finished() {
        let read = |text: &str| serde_json::from_str::<Applied>(text).map(|it| it.session.map(|of| of.session_id)).ok();
        let done = r#"{"command":{"command_id":"cmd_1","status":"applied"},"session":{"session_id":"mer-1","new":1}}"#;
        assert_eq!(read(done), Some(Some("mer-1".to_owned())));
        assert_eq!(read(r#"{"command":{"command_id":"cmd_1","status":"accepted"}}"#), Some(None));
    }
}
