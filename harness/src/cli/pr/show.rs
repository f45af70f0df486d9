//! `pr show`: one pull request, how it stands, and what its checks and reviewers say.

use std::process::ExitCode;

use clap::Args;
use serde_json::value::RawValue;
use shared::client::{ClientError, ProblemDocument};
use shared::error::Code;

use super::views::{CheckView, CommentView, or_unknown};
use super::{PrFacts, PullRequestView};
use crate::cli::documents::Page;
use crate::cli::globals::Globals;
use crate::cli::output::Output;
use crate::cli::table;
use crate::cli::text::{block, line};

/// Arguments of `pr show`.
#[derive(Args)]
pub(in crate::cli) struct Show {
    /// The pull request's address
    url: String,
}

impl Show {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        let document = session.client.get(&["pull-requests"], &[("url", self.url)]).await?;
        // The server answers with a list of the one, or of none.
        let page: Page<Box<RawValue>> = document.read()?;
        let item = page.items.first().ok_or_else(no_such_pull_request)?;
        let output = &session.output;
        if output.json {
            output.json(item.get())?;
        } else {
            Output::text(&render(output, &serde_json::from_str(item.get())?))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

/// What asking for an unknown id is answered with.
fn no_such_pull_request() -> ClientError {
    let problem = ProblemDocument {
        status: 404,
        code: Code::NotFound.as_str().to_owned(),
        detail: Some("no such pull request".to_owned()),
        ..ProblemDocument::default()
    };
    ClientError::Problem { problem: Box::new(problem), retry_after: None }
}

fn render(output: &Output, pr: &PullRequestView) -> String {
    let title = pr.title.as_ref().unwrap_or(&pr.facts.url);
    let mut blocks = vec![format!("{}\n{}", output.strong(&line(title)), facts(pr))];
    if !pr.checks.is_empty() {
        let rows: Vec<_> = pr.checks.iter().map(check).collect();
        let heading = ["CHECK", "COMMIT", "STATUS", "OBSERVED", "ADDRESS"];
        blocks.push(table::render(output, &heading, &rows).trim_end().to_owned());
    }
    let log = |check: &CheckView| {
        let name = output.strong(&format!("log of {} on {}", line(&check.name), line(&check.commit)));
        Some(format!("{name}\n{}", block(check.log_tail.as_ref()?)))
    };
    blocks.extend(pr.checks.iter().filter_map(log));
    blocks.extend(pr.comments.iter().map(comment));
    blocks.join("\n\n")
}

/// Everything about it below the title.
fn facts(pr: &PullRequestView) -> String {
    let PrFacts { url, state, ci, review, mergeability, unresolved } = &pr.facts;
    let since =
        |name: &str, fact: &str, since: &str| format!("{name} {} since {}", or_unknown(fact), or_unknown(since));
    let mut facts = vec![line(url), format!("session {}", line(&pr.session_id))];
    facts.extend(origin(pr));
    facts.extend([
        since("state", state, &pr.state_since),
        since("checks", ci, &pr.ci_since),
        since("review", review, &pr.review_since),
        since("mergeability", mergeability, &pr.mergeability_since),
        format!("unresolved comments {unresolved}"),
    ]);
    facts.extend(pr.blockers.iter().map(|blocker| format!("blocked by {}", line(blocker))));
    let [observed, created, updated] = [&pr.observed_at, &pr.created_at, &pr.updated_at].map(|it| line(it));
    facts.push(format!("observed {observed}, known since {created}, updated {updated}"));
    facts.join("\n")
}

/// Whose it is, where it comes from and what it changes, as far as that is known.
fn origin(pr: &PullRequestView) -> Option<String> {
    let known = |name: &str, value: &Option<String>| Some(format!("{name} {}", line(value.as_ref()?)));
    let lines = |sign: &str, count: Option<i64>| Some(format!("{sign}{}", count?));
    let parts = [
        known("author", &pr.author),
        known("branch", &pr.branch),
        known("into", &pr.base_branch),
        known("head", &pr.head_sha),
        lines("+", pr.additions),
        lines("-", pr.deletions),
    ];
    let parts: Vec<_> = parts.into_iter().flatten().collect();
    (!parts.is_empty()).then(|| parts.join("  "))
}

fn check(check: &CheckView) -> Vec<String> {
    let url = check.url.as_ref().map_or_else(|| "-".to_owned(), |url| line(url));
    vec![line(&check.name), line(&check.commit), or_unknown(&check.status), line(&check.observed_at), url]
}

/// Who says what about which line: the text is set in, so that none can pass for another comment's head.
fn comment(comment: &CommentView) -> String {
    let CommentView { id, author, is_bot, body, path, line: number, resolved } = comment;
    let bot = if *is_bot { " (bot)" } else { "" };
    let place = match (path, number) {
        (Some(path), Some(number)) => format!("  {}:{number}", line(path)),
        (Some(path), None) => format!("  {}", line(path)),
        _ => String::new(),
    };
    let resolved = if *resolved { "resolved" } else { "unresolved" };
    format!("{}{bot}{place}  {resolved}  {}\n{}", line(author), line(id), block(body))
}

#[cfg(test)]
mod tests {
    use clap::ColorChoice;

    use super::*;

    // SESSION-23, SEC-6
    #[test]
    fn a_pull_request_reads_from_its_facts_to_its_comments_and_no_text_passes_for_a_head() {
        let text = r#"{"url":"https://h/a/b/pull/7","session_id":"mer-1","title":"Ship\u001b[2J it","branch":"topic",
            "base_branch":"main","head_sha":"c1","author":"eve","additions":10,"deletions":2,"state":"open",
            "state_since":"t1","review":"none","review_since":"t1","ci":"failing","ci_since":"t2",
            "mergeability":"unknown","mergeability_since":"t1","blockers":["a check failed"],"unresolved":1,
            "checks":[{"name":"build","commit":"c1","status":"failed","log_tail":"one\nCHECK  two","observed_at":"t2"}],
            "comments":[{"id":"9","author":"bob","is_bot":true,"body":"no\n\neve  resolved","path":"src/a.rs","line":3,
            "resolved":false}],"observed_at":"t3","created_at":"t1","updated_at":"t2"}"#;
        let pr = serde_json::from_str(text).expect("a pull request");
        let expected = "\
Ship[2J it
https://h/a/b/pull/7
session mer-1
author eve  branch topic  into main  head c1  +10  -2
state open since t1
checks failing since t2
review none since t1
mergeability unknown since t1
unresolved comments 1
blocked by a check failed
observed t3, known since t1, updated t2

CHECK  COMMIT  STATUS  OBSERVED  ADDRESS
build  c1      failed  t2        -

log of build on c1
    one
    CHECK  two

bob (bot)  src/a.rs:3  unresolved  9
    no

    eve  resolved";
        assert_eq!(render(&Output::new(false, true, ColorChoice::Never, false), &pr), expected);
    }

    // SESSION-23
    #[test]
    fn facts_that_nobody_has_seen_are_unknown() {
        let pr = serde_json::from_str(r#"{"url":"https://h/a/b/pull/7","state":"open","state_since":"t1"}"#);
        let text = facts(&pr.expect("a pull request"));
        assert!(text.contains("\nstate open since t1\nchecks unknown since unknown\n"), "{text}");
        assert!(!text.contains("branch"), "{text}");
    }
}
