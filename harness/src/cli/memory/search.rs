//! `memory search` and `memory context`: what is remembered, as a table or as one text.

use std::process::ExitCode;

use clap::Args;
use clap::builder::PossibleValuesParser;
use serde_json::{Map, Value};
use shared::config::{CONTEXT_BUDGET_MAX, CONTEXT_LIMIT_MAX, SEARCH_LIMIT_MAX};
use shared::value::{ObservationKind, Word};

use super::views::{ContextView, FoundPage, FoundView};
use crate::cli::globals::Globals;
use crate::cli::output::Output;
use crate::cli::{table, text};

/// Fewest characters of a context.
const BUDGET_MIN: i64 = 200;

/// What is looked for.
#[derive(Args)]
struct Wanted {
    /// Words to look for
    #[arg(value_name = "QUERY", required = true)]
    words: Vec<String>,
    /// Only what belongs to this session
    #[arg(long, value_name = "ID")]
    session: Option<String>,
    /// Only this kind, or one of several; may be repeated
    #[arg(long = "kind", value_name = "KIND", value_delimiter = ',', value_parser = kinds(), ignore_case = true)]
    kinds: Vec<String>,
}

/// Arguments of `memory search`.
#[derive(Args)]
pub(in crate::cli) struct Search {
    #[command(flatten)]
    wanted: Wanted,
    /// Most that is shown
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(SEARCH_LIMIT_MAX)))]
    limit: Option<u32>,
    /// Go on after an earlier page
    #[arg(long)]
    cursor: Option<String>,
}

/// Arguments of `memory context`.
#[derive(Args)]
pub(in crate::cli) struct Context {
    #[command(flatten)]
    wanted: Wanted,
    /// Most that goes into the text
    #[arg(long, value_parser = clap::value_parser!(u32).range(1..=i64::from(CONTEXT_LIMIT_MAX)))]
    limit: Option<u32>,
    /// Most characters of the text
    #[arg(
        long,
        value_name = "CHARACTERS",
        value_parser = clap::value_parser!(u32).range(BUDGET_MIN..=i64::from(CONTEXT_BUDGET_MAX))
    )]
    budget: Option<u32>,
}

/// Everything that can be found.
fn kinds() -> PossibleValuesParser {
    let observations = ObservationKind::ALL.iter().map(|(word, _)| *word);
    PossibleValuesParser::new(observations.chain(["post", "pull_request"]))
}

impl Wanted {
    /// The question as the server takes it: only what was given.
    fn question(self, project: Option<String>, more: [(&str, Option<Value>); 2]) -> Value {
        let kinds = (!self.kinds.is_empty()).then(|| Value::from(self.kinds));
        let members = [
            ("query", Some(Value::from(self.words.join(" ")))),
            ("session_id", self.session.map(Value::from)),
            ("kinds", kinds),
            ("project_id", project.map(Value::from)),
        ];
        let members = members.into_iter().chain(more);
        let members = members.filter_map(|(name, value)| Some((name.to_owned(), value?)));
        Value::Object(members.collect::<Map<_, _>>())
    }
}

impl Search {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let more = [("limit", self.limit.map(Value::from)), ("cursor", self.cursor.map(Value::from))];
        let question = self.wanted.question(globals.project(), more);
        let session = globals.session()?;
        let document = session.client.create(&["search"], &question).await?;
        let output = &session.output;
        if output.json {
            output.json(&document.text)?;
            return Ok(ExitCode::SUCCESS);
        }
        let page: FoundPage = document.read()?;
        if page.items.is_empty() {
            output.note("nothing matches");
        } else {
            Output::text(&render(output, &page.items))?;
        }
        if page.truncated {
            output.note("note: only the newest matches were ranked; more words, --kind or --session leave fewer");
        }
        if let Some(cursor) = page.next_cursor {
            output.note(&format!("there are more: --cursor {}", text::line(&cursor)));
        }
        Ok(ExitCode::SUCCESS)
    }
}

impl Context {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let more = [("limit", self.limit.map(Value::from)), ("budget", self.budget.map(Value::from))];
        let question = self.wanted.question(globals.project(), more);
        let session = globals.session()?;
        let document = session.client.create(&["context"], &question).await?;
        let output = &session.output;
        if output.json {
            output.json(&document.text)?;
            return Ok(ExitCode::SUCCESS);
        }
        let context: ContextView = document.read()?;
        if context.text.is_empty() {
            output.note("nothing matches");
        } else {
            Output::text(&text::lines(&context.text))?;
        }
        if context.truncated {
            output.note("note: there is more than fits; --limit and --budget make room");
        }
        Ok(ExitCode::SUCCESS)
    }
}

const HEADING: [&str; 5] = ["KIND", "WHEN", "SESSION", "ID", "TITLE"];
/// Titles are cut here, so that a row has a chance to stay on one line.
const TITLE_WIDTH: usize = 60;
/// Snippets are cut here.
const SNIPPET_WIDTH: usize = 160;

/// A table with a snippet below each row, set in, so that it cannot pass for a row.
fn render(output: &Output, found: &[FoundView]) -> String {
    let table = table::render(output, &HEADING, &found.iter().map(row).collect::<Vec<_>>());
    let mut lines = table.lines();
    let heading = lines.next().map(str::to_owned);
    let rows = lines.zip(found).map(|(row, found)| match text::short(&found.snippet, SNIPPET_WIDTH) {
        snippet if snippet.is_empty() => row.to_owned(),
        snippet => format!("{row}\n    {snippet}"),
    });
    heading.into_iter().chain(rows).collect::<Vec<_>>().join("\n")
}

/// A post is read in its thread.
fn row(found: &FoundView) -> Vec<String> {
    vec![
        text::line(&found.kind),
        text::line(&found.created_at),
        found.session_id.as_ref().map_or_else(|| "-".to_owned(), |session| text::line(session)),
        text::line(found.thread_id.as_ref().unwrap_or(&found.id)),
        text::short(&found.title, TITLE_WIDTH),
    ]
}

#[cfg(test)]
mod tests {
    use clap::{ColorChoice, Parser};
    use serde_json::json;

    use super::*;

    /// The command line around the arguments.
    #[derive(Parser)]
    struct Line {
        #[command(flatten)]
        wanted: Wanted,
    }

    // MEMORY-24
    #[test]
    fn only_what_was_given_is_asked_for_and_kinds_are_known_words() {
        let parse = |arguments: &[&str]| Line::try_parse_from([&["search"], arguments].concat());
        let words = parse(&["slow", "start"]).expect("words").wanted;
        let question = words.question(None, [("limit", None), ("cursor", None)]);
        assert_eq!(question, json!({ "query": "slow start" }));
        let all = parse(&["slow", "--kind", "fix,post", "--kind", "note", "--session", "mer-1"]).expect("arguments");
        let question = all.wanted.question(Some("web".to_owned()), [("limit", Some(json!(2))), ("cursor", None)]);
        let expected = json!({
            "query": "slow", "kinds": ["fix", "post", "note"], "session_id": "mer-1", "project_id": "web", "limit": 2,
        });
        assert_eq!(question, expected);
        assert!(parse(&["slow", "--kind", "dream"]).is_err());
        assert!(parse(&[]).is_err());
    }

    // MEMORY-24, SEC-6
    #[test]
    fn what_was_found_is_a_row_and_its_snippet_cannot_pass_for_one() {
        let text = r#"{"items":[
            {"source":"post","id":"pst_1","thread_id":"thr_1","kind":"post","title":"a\nb\u001b[2J","score":1.5,
             "snippet":"one\nfix  t2","created_at":"t1"},
            {"source":"observation","id":"obs_1","session_id":"mer-1","kind":"fix","title":"c","created_at":"t2"}
        ],"truncated":false}"#;
        let page: FoundPage = serde_json::from_str(text).expect("a page");
        let expected = "\
KIND  WHEN  SESSION  ID     TITLE
post  t1    -        thr_1  a b[2J
    one fix t2
fix   t2    mer-1    obs_1  c";
        assert_eq!(render(&Output::new(false, true, ColorChoice::Never, false), &page.items), expected);
    }
}
