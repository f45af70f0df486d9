//! Deliveries of GitHub: what each says of which pull request. That follows from the delivery alone; whose the pull request
//! is, `recording` looks up.

mod checks;
mod comments;
mod payload;
mod pull_requests;
pub mod recording;
pub mod signature;

use shared::clock::Time;
use shared::message::command::ObservePullRequest;

use payload::{Repository, Tip};

/// The events that say something of a pull request (SPEC PR-13).
const EVENTS: [&str; 6] =
    ["pull_request", "check_run", "check_suite", "pull_request_review", "pull_request_review_comment", "issue_comment"];

/// What a delivery says of a pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sighting {
    /// How the pull request and its session are found.
    pub clue: Clue,
    /// What was seen, partial. Its session is left empty, and with [`Clue::Head`] its address too.
    pub seen: ObservePullRequest,
}

/// How a pull request and the session that owns it are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clue {
    /// By its address; while no session owns it, by the branch it comes from, where that is known.
    Address(Option<Branch>),
    /// By its newest commit: every open pull request that has it is meant.
    Head(String),
}

/// A branch of a repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Branch {
    /// `owner/name`, as GitHub spells it.
    pub repository: String,
    /// Name of the branch.
    pub name: String,
}

/// The event as metrics name it: one of the six, or `other`, so that a sender cannot make up labels.
#[must_use]
pub fn label(event: &str) -> &'static str {
    EVENTS.into_iter().find(|known| *known == event).unwrap_or("other")
}

/// What the body of an event's delivery says; nothing for events that say nothing of pull requests.
///
/// # Errors
/// When the body is no JSON, or lacks what GitHub always sends with such an event.
pub fn sightings(event: &str, body: &[u8]) -> Result<Vec<Sighting>, serde_json::Error> {
    Ok(match event {
        "pull_request" => vec![pull_requests::seen(&serde_json::from_slice(body)?)],
        "check_run" => checks::of_run(&serde_json::from_slice(body)?),
        "check_suite" => checks::of_suite(&serde_json::from_slice(body)?),
        "pull_request_review" => comments::of_review(&serde_json::from_slice(body)?).into_iter().collect(),
        "pull_request_review_comment" => vec![comments::of_diff(&serde_json::from_slice(body)?)],
        "issue_comment" => comments::of_issue(&serde_json::from_slice(body)?).into_iter().collect(),
        _ => Vec::new(),
    })
}

/// An observation that says nothing yet but what it is of.
fn partial(url: String, observed_at: Option<Time>) -> ObservePullRequest {
    ObservePullRequest { url, fetched: true, partial: true, observed_at, ..ObservePullRequest::default() }
}

/// The branch that a pull request comes from, in the repository that has it. Of a fork that is the fork: its branches may be
/// called anything, and must not pass for those of the repository that the pull request goes to.
fn branch_of(head: &Tip, repository: &Repository) -> Option<Branch> {
    let home = head.repo.as_ref()?;
    let name = if home.id == repository.id { Some(&repository.full_name) } else { home.full_name.as_ref() };
    Some(Branch { repository: name?.clone(), name: head.branch.clone() })
}

/// One line of at most `max` characters: what strangers chose must not make a whole delivery unfit to be stored.
fn line(text: &str, max: usize) -> String {
    text.chars().filter(|c| !c.is_control()).take(max).collect()
}

#[cfg(test)]
mod tests;
