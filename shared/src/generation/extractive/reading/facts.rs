//! What is said outright: decisions, failures, commits, pull requests, reviews, what is left to do.

use serde_json::Value;

use crate::generation::extractive::output;
use crate::generation::extractive::payload::{Payload, text_of};
use crate::generation::extractive::text::{clean, line};
use crate::generation::extractive::told::{Commit, Decision, Failure, PullRequest, Review, Told};

/// Characters of one line that is kept.
const LINE_MAX: usize = 400;

pub(super) fn decision(payload: &Payload<'_>) -> Told {
    let what = payload.text(&["decision", "title", "what", "choice", "summary", "message", "text", "content"]);
    let Some(what) = what.or_else(|| payload.telling()) else { return Told::Nothing };
    let instead = payload.list(&["alternatives", "rejected", "options_considered", "instead_of", "instead"]);
    Told::Decided(Decision {
        what,
        why: payload.text(&["reason", "rationale", "why", "because", "justification", "reasoning"]),
        instead: instead.into_iter().map(|one| line(&one, LINE_MAX)).collect(),
        files: payload.list(&["files", "file", "file_path", "path", "paths"]),
    })
}

pub(super) fn failure(payload: &Payload<'_>) -> Told {
    let said = payload.text(&["message", "error", "title", "summary", "text", "reason", "description", "exception"]);
    let Some(said) = said.or_else(|| payload.telling()) else { return Told::Nothing };
    let read = output::read(&said);
    let first = said.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    let mut what = read.errors.first().cloned().unwrap_or_else(|| line(first, LINE_MAX));
    let name = payload.text(&["error_type", "exception_type", "name", "type"]);
    if let Some(name) = name.filter(|name| is_name_of_error(name) && !what.contains(name.as_str())) {
        what = format!("{name}: {what}");
    }
    let mut lines = read.errors;
    let traces = ["stack", "stacktrace", "stack_trace", "traceback", "backtrace", "stderr", "output", "details"];
    if let Some(trace) = payload.text(&traces) {
        let read = output::read(&trace);
        // The last line of a trace names the error, in languages that print the innermost call last.
        let last = if read.errors.is_empty() { vec![read.last] } else { read.errors };
        lines.extend(last);
    }
    lines.retain(|line| !what.contains(line.as_str()));
    Told::Failed(Failure {
        what,
        lines,
        place: place(payload),
        command: payload.command(&["command", "cmd"]).map(|command| line(&command, LINE_MAX)),
    })
}

/// Such as `TimeoutError`.
fn is_name_of_error(name: &str) -> bool {
    !name.contains(char::is_whitespace) && (name.ends_with("Error") || name.ends_with("Exception"))
}

pub(super) fn commit(payload: &Payload<'_>) -> Told {
    let message = payload.text(&["message", "subject", "title", "summary", "commit_message", "text"]);
    let mut lines = message.iter().flat_map(|message| message.lines()).map(str::trim).filter(|line| !line.is_empty());
    let Some(subject) = lines.next() else { return Told::Nothing };
    let is_signature = |line: &&str| line.starts_with("Co-Authored-By:") || line.starts_with("Co-authored-by:");
    Told::Committed(Commit {
        subject: subject.to_owned(),
        details: lines.filter(|line| !is_signature(line)).map(|said| line(said, LINE_MAX)).collect(),
        sha: payload.find(&["sha", "commit_sha", "hash", "commit", "commit_id", "revision", "id"], sha),
        branch: payload.text(&["branch", "ref"]).map(|branch| line(&branch, LINE_MAX)),
        files: payload.list(&["files", "changed_files", "files_changed", "paths"]),
    })
}

/// The short name of a commit, if it is one.
fn sha(value: &Value) -> Option<String> {
    let text = value.as_str()?.trim();
    let is_sha = (7..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_sha.then(|| text.chars().take(10).collect())
}

pub(super) fn pull_request(payload: &Payload<'_>) -> Told {
    let url = payload.text(&["url", "html_url", "pr_url", "pull_request_url", "link"]).map(|url| line(&url, LINE_MAX));
    let number = payload.number(&["number", "pr_number", "pull_number", "pr"]);
    let title = payload.text(&["title", "subject", "summary", "message"]);
    let Some(title) = title.or_else(|| url.clone()) else { return Told::Nothing };
    let said = payload.text(&["action", "state", "status", "event"]).unwrap_or_default().trim().to_lowercase();
    let what = match said.as_str() {
        _ if payload.flag(&["merged"]) == Some(true) => "merged",
        "" | "open" | "opened" | "created" | "create" | "success" => "opened",
        other => other,
    };
    Told::PullRequest(PullRequest {
        what: line(what, 40),
        title,
        number,
        url,
        body: payload.text(&["body", "description"]),
    })
}

pub(super) fn review(payload: &Payload<'_>) -> Told {
    let verdict = payload.text(&["state", "verdict", "decision", "status", "outcome", "action"]).unwrap_or_default();
    let verdict = verdict.to_lowercase();
    let approved = if verdict.contains("approve") {
        Some(true)
    } else {
        ["change", "reject", "request"].iter().any(|word| verdict.contains(*word)).then_some(false)
    };
    let text = payload.text(&["body", "comment", "message", "text", "summary", "content", "comments"]);
    let text = text.unwrap_or_default();
    if approved.is_none() && text.is_empty() {
        return Told::Nothing;
    }
    let login = |value: &Value| value.get("login").and_then(Value::as_str).map(clean);
    let by = payload.find(&["user", "author", "reviewer"], login);
    let by = by.or_else(|| payload.text(&["reviewer", "author", "by", "user"])).map(|by| line(&by, 80));
    Told::Reviewed(Review { by, approved, text, place: place(payload) })
}

/// A file, with the line if there is one.
fn place(payload: &Payload<'_>) -> Option<String> {
    let file = line(&payload.text(&["file", "file_path", "path", "filename"])?, LINE_MAX);
    match payload.number(&["line", "line_number", "lineno"]) {
        Some(number) => Some(format!("{file}:{number}")),
        None => Some(file),
    }
}

pub(super) fn to_do(payload: &Payload<'_>) -> Told {
    let is_open = |item: &&Value| {
        let word = |name: &str| item.get(name).and_then(Value::as_str).unwrap_or_default();
        let is = |name: &str| item.get(name).and_then(Value::as_bool) == Some(true);
        !matches!(word("status"), "completed" | "done" | "cancelled") && !is("done") && !is("completed")
    };
    let lists = payload.find(&["todos", "items", "tasks", "todo"], Value::as_array);
    let items: Vec<String> = match lists {
        Some(items) => items.iter().filter(is_open).filter_map(text_of).collect(),
        None => payload.text(&["todo"]).or_else(|| payload.telling()).into_iter().collect(),
    };
    let items: Vec<String> = items.iter().map(|item| line(item, LINE_MAX)).collect();
    if items.is_empty() { Told::Nothing } else { Told::ToDo(items) }
}

pub(super) fn ended(payload: &Payload<'_>) -> Told {
    let said = payload.text(&["summary", "message", "last_assistant_message", "result", "text", "outcome"]);
    let reason = || payload.text(&["reason"]).filter(|reason| reason.split_whitespace().nth(2).is_some());
    said.or_else(reason).map_or(Told::Nothing, Told::Ended)
}
