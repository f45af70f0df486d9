//! `forum list`: threads as a table, page by page or all of them.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::config::LIST_LIMIT_MAX;
use shared::value::{Priority, ThreadKind, ThreadState};

use super::documents::{Page, ThreadView};
use super::forum::words;
use super::globals::Globals;
use super::output::Output;
use super::{table, text};

/// Arguments of `forum list`. All filters given must match.
#[derive(Args)]
pub(super) struct List {
    /// Only threads of this ticket
    #[arg(long)]
    ticket: Option<String>,
    /// Only threads of this run
    #[arg(long, value_name = "ID")]
    run: Option<String>,
    /// Only threads of this session
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Only threads of this agent
    #[arg(long, value_name = "NAME")]
    agent: Option<String>,
    /// Only threads in this state
    #[arg(long, value_parser = words::<ThreadState>(), ignore_case = true)]
    state: Option<String>,
    /// Only threads of this urgency
    #[arg(long, value_parser = words::<Priority>(), ignore_case = true)]
    priority: Option<String>,
    /// Only threads of this assignee
    #[arg(long, value_name = "NAME")]
    assignee: Option<String>,
    /// Only threads of this kind
    #[arg(long, value_parser = words::<ThreadKind>(), ignore_case = true)]
    kind: Option<String>,
    /// Threads per page
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(LIST_LIMIT_MAX)))]
    limit: Option<u32>,
    /// Go on after an earlier page
    #[arg(long)]
    cursor: Option<String>,
    /// All pages
    #[arg(long)]
    all: bool,
}

impl List {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        let output = &session.output;
        let (query, all) = (self.query(), self.all);
        let mut cursor = self.cursor;
        let mut items = Vec::<Box<RawValue>>::new();
        loop {
            let mut query = query.clone();
            query.extend(cursor.map(|cursor| ("cursor", cursor)));
            let document = session.client.get(&["forum", "threads"], &query).await?;
            if output.json && !all {
                output.json(&document.text)?;
                return Ok(ExitCode::SUCCESS);
            }
            let page: Page<Box<RawValue>> = document.read()?;
            items.extend(page.items);
            cursor = page.next_cursor;
            if !all || cursor.is_none() {
                break;
            }
        }
        if output.json {
            output.json(&serde_json::to_string(&Whole { items })?)?;
            return Ok(ExitCode::SUCCESS);
        }
        let threads = items.iter().map(|item| serde_json::from_str(item.get())).collect::<Result<Vec<_>, _>>()?;
        if threads.is_empty() {
            output.note("no threads match");
        } else {
            Output::text(&table::render(output, &HEADING, &threads.iter().map(row).collect::<Vec<_>>()))?;
        }
        if let Some(cursor) = cursor {
            output.note(&format!("there are more: --all, or --cursor {}", text::line(&cursor)));
        }
        Ok(ExitCode::SUCCESS)
    }

    fn query(&self) -> Vec<(&'static str, String)> {
        let filters = [
            ("ticket", &self.ticket),
            ("run_id", &self.run),
            ("session_id", &self.session),
            ("agent_name", &self.agent),
            ("state", &self.state),
            ("priority", &self.priority),
            ("assignee", &self.assignee),
            ("kind", &self.kind),
        ];
        let filters = filters.into_iter().filter_map(|(name, value)| Some((name, value.clone()?)));
        filters.chain(self.limit.map(|limit| ("limit", limit.to_string()))).collect()
    }
}

/// All pages as one document.
#[derive(Serialize)]
struct Whole {
    items: Vec<Box<RawValue>>,
}

const HEADING: [&str; 7] = ["ID", "STATE", "PRIORITY", "TICKET", "TITLE", "POSTS", "UPDATED"];
/// Titles are cut here, so that a row has a chance to stay on one line.
const TITLE_WIDTH: usize = 60;

fn row(thread: &ThreadView) -> Vec<String> {
    vec![
        text::line(&thread.thread_id),
        text::line(&thread.state),
        text::line(&thread.priority),
        text::line(&thread.ticket),
        text::short(&thread.title, TITLE_WIDTH),
        thread.posts_count.to_string(),
        text::line(&thread.updated_at),
    ]
}

#[cfg(test)]
mod tests {
    use super::*;

    // FORUM-12
    #[test]
    fn a_thread_is_one_row_whatever_its_title_holds() {
        let thread = ThreadView {
            thread_id: "thr_1".to_owned(),
            title: "a\nb\u{1b}c".to_owned(),
            posts_count: 3,
            ..ThreadView::default()
        };
        assert_eq!(row(&thread), ["thr_1", "", "", "", "a bc", "3", ""]);
    }
}
