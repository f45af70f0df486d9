//! What was done: commands, edits, commits, pull requests, reviews; and what went wrong.

use super::{draft, essence};
use crate::generation::Draft;
use crate::generation::extractive::command::Purpose;
use crate::generation::extractive::text::{Body, counted};
use crate::generation::extractive::told::{Commit, Edit, Failure, PullRequest, Review, Run};
use crate::value::ObservationKind;

/// Lines that a body keeps of a text.
const LINES_MAX: usize = 12;

/// A command that ran, if what came of it is worth keeping.
pub(super) fn ran(run: &Run, sources: &[String]) -> Option<Draft> {
    let shown = &run.command.shown;
    match (run.command.purpose, run.passed) {
        (Purpose::Commit, Some(false)) if run.output.last.contains("nothing to commit") => None,
        (_, Some(false)) => draft(ObservationKind::Failure, &failed_title(run), ran_body(run), sources),
        (Purpose::Test, Some(true)) => {
            let title = match run.counts() {
                Some(counts) => format!("Tests pass: {counts} (`{shown}`)"),
                None => format!("Tests pass: `{shown}`"),
            };
            draft(ObservationKind::Verification, &title, ran_body(run), sources)
        }
        (Purpose::Check, Some(true)) => {
            draft(ObservationKind::Verification, &format!("`{shown}` succeeds"), ran_body(run), sources)
        }
        (Purpose::Commit, _) => {
            let commit = Commit { subject: run.command.message.clone()?, ..Commit::default() };
            committed_with(&commit, ran_body(run), sources)
        }
        (Purpose::Change, _) => draft(ObservationKind::Change, &format!("Ran `{shown}`"), ran_body(run), sources),
        _ => None,
    }
}

fn failed_title(run: &Run) -> String {
    let (shown, output) = (&run.command.shown, &run.output);
    if run.command.purpose == Purpose::Test {
        let more = output.tests.len().saturating_sub(3);
        let names = output.tests.iter().take(3).map(String::as_str).collect::<Vec<_>>().join(", ");
        return match (output.tests.is_empty(), run.counts().or_else(|| output.errors.first().cloned())) {
            (false, _) if more > 0 => format!("Tests failed: {names} and {more} more (`{shown}`)"),
            (false, _) => format!("Tests failed: {names} (`{shown}`)"),
            (true, Some(said)) => {
                format!("Tests failed: {} (`{shown}`)", said.strip_prefix("error: ").unwrap_or(&said))
            }
            (true, None) => format!("Tests failed: `{shown}`"),
        };
    }
    match (output.errors.first(), run.exit) {
        (Some(error), _) => format!("`{shown}` failed: {}", error.strip_prefix("error: ").unwrap_or(error)),
        (None, Some(code)) => format!("`{shown}` failed with exit code {code}"),
        (None, None) => format!("`{shown}` failed"),
    }
}

/// What ran, and what came of it.
fn ran_body(run: &Run) -> Body {
    let mut body = Body::default();
    let shown = &run.command.shown;
    match run.exit {
        Some(code) => body.fact("Command", &format!("`{shown}` (exit code {code})")),
        None => body.fact("Command", &format!("`{shown}`")),
    }
    body.fact("Result", &run.counts().unwrap_or_default());
    if run.passed == Some(false) {
        body.list("Failed", &run.output.tests);
        for error in &run.output.errors {
            body.fact("Error", error);
        }
        if run.output.errors.is_empty() && run.output.tests.is_empty() {
            body.fact("Output", &run.output.last);
        }
    }
    body
}

/// Edited files.
pub(super) fn edited(edits: &[Edit], sources: &[String]) -> Option<Draft> {
    let first = edits.first()?;
    let mut body = Body::default();
    for edit in edits {
        body.fact("What", edit.summary.as_deref().unwrap_or_default());
        body.list("Declares", &edit.declared);
    }
    body.list("Files", &files_of(edits));
    let others = match edits.len() {
        1 => String::new(),
        several => format!(" and {}", counted(several - 1, "other file")),
    };
    let declared = (!first.declared.is_empty()).then(|| first.declared.join(", "));
    let title = match first.summary.clone().or(declared) {
        Some(what) => format!("Changed {}{others}: {what}", first.path),
        None => format!("Changed {}{others}", first.path),
    };
    draft(ObservationKind::Change, &title, body, sources)
}

/// The names of edited files.
pub(in crate::generation::extractive) fn files_of(edits: &[Edit]) -> Vec<String> {
    edits.iter().map(|edit| edit.path.clone()).collect()
}

/// Something that went wrong.
pub(super) fn failed(failure: &Failure, sources: &[String]) -> Option<Draft> {
    let mut body = Body::default();
    body.say(&failure.what);
    for line in failure.lines.iter().take(LINES_MAX) {
        body.fact("Error", line);
    }
    body.fact("Where", failure.place.as_deref().unwrap_or_default());
    if let Some(command) = &failure.command {
        body.fact("Command", &format!("`{command}`"));
    }
    draft(ObservationKind::Failure, &failure.what, body, sources)
}

/// A commit.
pub(super) fn committed(commit: &Commit, sources: &[String]) -> Option<Draft> {
    let mut body = Body::default();
    commit.details.iter().take(LINES_MAX).for_each(|line| body.say(line));
    match (&commit.sha, &commit.branch) {
        (Some(sha), Some(branch)) => body.fact("Commit", &format!("{sha} on {branch}")),
        (Some(sha), None) => body.fact("Commit", sha),
        (None, branch) => body.fact("Branch", branch.as_deref().unwrap_or_default()),
    }
    body.list("Files", &commit.files);
    committed_with(commit, body, sources)
}

fn committed_with(commit: &Commit, body: Body, sources: &[String]) -> Option<Draft> {
    let kind = if commit.is_fix() { ObservationKind::Fix } else { ObservationKind::Change };
    draft(kind, &commit.subject, body, sources)
}

/// A pull request that was opened, merged, closed and so on.
pub(super) fn published(pull_request: &PullRequest, sources: &[String]) -> Option<Draft> {
    let PullRequest { what, title, number, url, body: said } = pull_request;
    let number = number.map(|number| format!(" #{number}")).unwrap_or_default();
    let mut body = Body::default();
    body.fact("Address", url.as_deref().unwrap_or_default());
    said.iter().flat_map(|said| said.lines()).take(LINES_MAX).for_each(|line| body.say(line));
    draft(ObservationKind::Change, &format!("Pull request{number} {what}: {title}"), body, sources)
}

/// A review.
pub(super) fn reviewed(review: &Review, sources: &[String]) -> Option<Draft> {
    let by = review.by.as_deref().map(|by| format!(" by {by}")).unwrap_or_default();
    let said = essence(&review.text);
    let (kind, what) = match review.approved {
        Some(true) => (ObservationKind::Verification, "Approved"),
        Some(false) => (ObservationKind::Note, "Changes requested"),
        None => (ObservationKind::Note, "Review"),
    };
    let title = if said.is_empty() { format!("{what}{by}") } else { format!("{what}{by}: {said}") };
    let mut body = Body::default();
    body.fact("Reviewer", review.by.as_deref().unwrap_or_default());
    review.text.lines().take(LINES_MAX).for_each(|line| body.say(line));
    body.fact("Where", review.place.as_deref().unwrap_or_default());
    draft(kind, &title, body, sources)
}

/// What is left to do.
pub(super) fn to_do(items: &[String], sources: &[String]) -> Option<Draft> {
    let mut body = Body::default();
    items.iter().take(LINES_MAX).for_each(|item| body.fact("To do", item));
    draft(ObservationKind::Note, &format!("To do: {}", items.join("; ")), body, sources)
}
