//! `forum list`, `forum search`, `forum queue`: threads as a table, page by page or all of them.

use std::process::ExitCode;

use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;
use shared::config::LIST_LIMIT_MAX;
use shared::value::{Priority, ThreadKind, ThreadState};

use super::documents::{Page, ThreadView};
use super::failure::UsageError;
use super::forum::words;
use super::globals::Globals;
use super::output::Output;
use super::{table, text};

/// Which threads: all filters given must match.
#[derive(Args)]
pub(super) struct Filters {
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

/// Arguments of `forum list`.
#[derive(Args)]
pub(super) struct List {
    #[command(flatten)]
    filters: Filters,
}

/// Arguments of `forum search`.
#[derive(Args)]
pub(super) struct Search {
    /// Words; a thread is found when its title and one post together have all of them
    #[arg(required = true)]
    words: Vec<String>,
    #[command(flatten)]
    filters: Filters,
}

/// Arguments of `forum queue`.
#[derive(Args)]
pub(super) struct Queue {
    /// `unseen`: with something the viewer has not seen; `unanswered`: an agent waits for an answer
    #[arg(value_name = "TYPE", value_parser = ["unseen", "unanswered"], ignore_case = true)]
    wanted: String,
    /// Who looks, such as `human:ada`; `unseen` needs it
    #[arg(long, value_name = "TYPE:NAME", required_if_eq("wanted", "unseen"))]
    viewer: Option<String>,
    #[command(flatten)]
    filters: Filters,
}

impl List {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        self.filters.pages(globals, &["forum", "threads"], Vec::new()).await
    }
}

impl Search {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        self.filters.pages(globals, &["forum", "search"], vec![("query", self.words.join(" "))]).await
    }
}

impl Queue {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let mut query = vec![("type", self.wanted)];
        if let Some(viewer) = &self.viewer {
            let (viewer_type, viewer_id) = viewer_of(viewer)?;
            query.extend([("viewer_type", viewer_type), ("viewer_id", viewer_id)]);
        }
        self.filters.pages(globals, &["forum", "queues"], query).await
    }
}

/// The two parts of a viewer.
pub(super) fn viewer_of(text: &str) -> Result<(String, String), UsageError> {
    let (viewer_type, viewer_id) = text
        .split_once(':')
        .ok_or_else(|| UsageError("--viewer: expected a type and a name, such as human:ada".to_owned()))?;
    Ok((viewer_type.to_owned(), viewer_id.to_owned()))
}

impl Filters {
    /// Prints one page, or all of them.
    async fn pages(
        self,
        globals: &Globals,
        path: &[&str],
        mut asked: Vec<(&'static str, String)>,
    ) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        let output = &session.output;
        asked.extend(self.query());
        let all = self.all;
        let mut cursor = self.cursor;
        let mut items = Vec::<Box<RawValue>>::new();
        loop {
            let mut query = asked.clone();
            query.extend(cursor.map(|cursor| ("cursor", cursor)));
            let document = session.client.get(path, &query).await?;
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

/// Several of the server's documents as one.
#[derive(Serialize)]
pub(super) struct Whole {
    pub(super) items: Vec<Box<RawValue>>,
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
