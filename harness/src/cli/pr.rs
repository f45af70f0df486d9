//! `agentforum pr`: what is known of pull requests, and telling the server what was seen of one.

mod observe;
mod show;
mod views;

use std::process::ExitCode;

use clap::{Args, Subcommand};
use shared::value::PrState;

use super::forum::words;
use super::globals::Globals;
use super::page::{self, Paging};
use super::text;

pub(super) use views::{PrFacts, PullRequestView};

/// Commands on pull requests.
#[derive(Subcommand)]
pub(super) enum Command {
    /// Tell what was seen of a pull request: its facts, checks and comments
    Observe(observe::Observe),
    /// List pull requests, the newest first
    List(List),
    /// Show one pull request with its checks and comments
    Show(show::Show),
}

/// Arguments of `pr list`. All filters given must match.
#[derive(Args)]
pub(super) struct List {
    /// Only pull requests of this session
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Only pull requests in this state
    #[arg(long, value_parser = words::<PrState>(), ignore_case = true)]
    state: Option<String>,
    #[command(flatten)]
    paging: Paging,
}

pub(super) async fn run(globals: &Globals, command: Command) -> anyhow::Result<ExitCode> {
    match command {
        Command::Observe(observe) => observe.run(globals).await,
        Command::List(list) => list.run(globals).await,
        Command::Show(show) => show.run(globals).await,
    }
}

impl List {
    async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        let query = self.paging.query([("session_id", self.session), ("state", self.state)]);
        let document = session.client.get(&["pull-requests"], &query).await?;
        let heading = [&PrFacts::HEADING[..], &["SESSION", "TITLE"]].concat();
        page::show(&session.output, &document, ("pull requests", &heading), row)?;
        Ok(ExitCode::SUCCESS)
    }
}

/// Titles are cut here, so that a row has a chance to stay on one line.
const TITLE_WIDTH: usize = 60;

fn row(pr: &PullRequestView) -> Vec<String> {
    let title = pr.title.as_ref().map_or_else(String::new, |title| text::short(title, TITLE_WIDTH));
    let mut row = pr.facts.row();
    row.extend([text::line(&pr.session_id), title]);
    row
}

#[cfg(test)]
mod tests {
    use super::*;

    // SESSION-23, SEC-6
    #[test]
    fn a_pull_request_is_one_row_and_what_is_missing_is_unknown() {
        let text = r#"{"url":"https://h/a/b/pull/7","session_id":"mer-1","title":"a\nb\u001b[2J","state":"open",
            "ci":"failing","unresolved":2,"new":true}"#;
        let pr: PullRequestView = serde_json::from_str(text).expect("a pull request");
        let expected = ["https://h/a/b/pull/7", "open", "failing", "unknown", "unknown", "2", "mer-1", "a b[2J"];
        assert_eq!(row(&pr), expected);
    }
}
