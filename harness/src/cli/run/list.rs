//! `run list`: runs as a table, and what other commands need of the list.

use std::process::ExitCode;

use clap::Args;
use shared::client::ClientError;
use shared::config::LIST_LIMIT_MAX;
use shared::value::{RunState, Word};

use super::RunView;
use crate::cli::documents::Page;
use crate::cli::forum::words;
use crate::cli::globals::{Globals, Session};
use crate::cli::output::Output;
use crate::cli::{table, text};

/// Arguments of `run list`. All filters given must match.
#[derive(Args)]
pub(in crate::cli) struct List {
    /// Only runs in this state, or in one of several with commas between them
    #[arg(
        long = "state",
        value_name = "STATE",
        value_delimiter = ',',
        value_parser = words::<RunState>(),
        ignore_case = true
    )]
    states: Vec<String>,
    /// Only runs over this ticket
    #[arg(long)]
    ticket: Option<String>,
    /// Runs per page
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(LIST_LIMIT_MAX)))]
    limit: Option<u32>,
    /// Go on after an earlier page
    #[arg(long)]
    cursor: Option<String>,
}

impl List {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        let output = &session.output;
        let document = session.client.get(&["runs"], &self.query()).await?;
        if output.json {
            output.json(&document.text)?;
            return Ok(ExitCode::SUCCESS);
        }
        let page: Page<RunView> = document.read()?;
        if page.items.is_empty() {
            output.note("no runs match");
        } else {
            Output::text(&table::render(output, &HEADING, &page.items.iter().map(row).collect::<Vec<_>>()))?;
        }
        if let Some(cursor) = page.next_cursor {
            output.note(&format!("there are more: --cursor {}", text::line(&cursor)));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn query(self) -> Vec<(&'static str, String)> {
        let states = (!self.states.is_empty()).then(|| self.states.join(","));
        let limit = self.limit.map(|limit| limit.to_string());
        let given = [("state", states), ("ticket", self.ticket), ("limit", limit), ("cursor", self.cursor)];
        given.into_iter().filter_map(|(name, value)| Some((name, value?))).collect()
    }
}

const HEADING: [&str; 7] = ["ID", "STATE", "MODE", "TICKETS", "TITLE", "AGENTS", "UPDATED"];
/// Titles are cut here, so that a row has a chance to stay on one line.
const TITLE_WIDTH: usize = 60;

fn row(run: &RunView) -> Vec<String> {
    vec![
        text::line(&run.run_id),
        text::line(&run.state),
        text::line(&run.mode),
        text::line(&run.tickets.join(",")),
        text::short(&run.title, TITLE_WIDTH),
        text::line(&run.agents.join(",")),
        text::line(&run.updated_at),
    ]
}

/// Every run that is not closed, by id. The list has reached the position `min_pos`, if that is given.
pub(in crate::cli) async fn open_runs(session: &Session, min_pos: Option<&str>) -> Result<Vec<String>, ClientError> {
    let open = RunState::ALL.iter().filter(|(_, state)| *state != RunState::Closed).map(|(word, _)| *word);
    let open = open.collect::<Vec<_>>().join(",");
    let mut query = vec![("state", open), ("limit", LIST_LIMIT_MAX.to_string())];
    query.extend(min_pos.map(|pos| ("min_pos", pos.to_owned())));
    let (mut ids, mut cursor) = (Vec::new(), None::<String>);
    loop {
        let page = query.iter().cloned().chain(cursor.map(|cursor| ("cursor", cursor))).collect::<Vec<_>>();
        let page: Page<RunView> = session.client.get(&["runs"], &page).await?.read()?;
        ids.extend(page.items.into_iter().map(|run| run.run_id));
        cursor = page.next_cursor;
        if cursor.is_none() {
            return Ok(ids);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn states_are_asked_for_in_one_parameter() {
        let list = List {
            states: vec!["running".to_owned(), "paused".to_owned()],
            ticket: None,
            limit: Some(2),
            cursor: None,
        };
        assert_eq!(list.query(), [("state", "running,paused".to_owned()), ("limit", "2".to_owned())]);
    }

    // SEC-6
    #[test]
    fn a_run_is_one_row_whatever_its_title_holds() {
        let run = RunView {
            run_id: "run_1".to_owned(),
            title: "a\nb\u{1b}c".to_owned(),
            agents: vec!["ada".to_owned(), "bob".to_owned()],
            ..RunView::default()
        };
        assert_eq!(row(&run), ["run_1", "", "", "", "a bc", "ada,bob", ""]);
    }
}
