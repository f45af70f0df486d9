//! What `check_run` and `check_suite` say: how the checks of a commit stand. Neither says which commit is the newest of a pull
//! request: a check may end after the next push.

use shared::message::command::{ObservePullRequest, ObservedCheck};
use shared::value::{CheckStatus, PrCi};

use super::payload::{CheckRun, CheckRunDelivery, CheckSuiteDelivery, Linked, Repository};
use super::{Clue, Sighting, branch_of, line, partial};

/// One check, of every pull request that has its commit.
pub fn of_run(delivery: &CheckRunDelivery) -> Vec<Sighting> {
    let CheckRunDelivery { repository, check_run } = delivery;
    let seen = ObservePullRequest {
        checks: vec![check(check_run)],
        ..partial(String::new(), check_run.completed_at.or(check_run.started_at))
    };
    spread(&going_to(repository, check_run.pull_requests.as_deref()), repository, &check_run.head_sha, &seen)
}

/// What all checks of an application come to once they have ended, of every pull request whose newest commit they checked.
pub fn of_suite(delivery: &CheckSuiteDelivery) -> Vec<Sighting> {
    let CheckSuiteDelivery { action, repository, check_suite: suite } = delivery;
    let ci = suite.conclusion.as_deref().and_then(ci).filter(|_| action == "completed");
    if ci.is_none() {
        return Vec::new();
    }
    let known = going_to(repository, suite.pull_requests.as_deref());
    let at_head: Vec<&Linked> = known.iter().copied().filter(|linked| linked.head.sha == suite.head_sha).collect();
    // Those that are known have all moved on: of their newest commits this says nothing.
    if at_head.is_empty() && !known.is_empty() {
        return Vec::new();
    }
    let seen = ObservePullRequest { ci, ..partial(String::new(), suite.updated_at) };
    spread(&at_head, repository, &suite.head_sha, &seen)
}

/// The pull requests that go to this repository. One from it to another may be listed too, and has its number there.
fn going_to<'a>(repository: &Repository, linked: Option<&'a [Linked]>) -> Vec<&'a Linked> {
    let goes_here = |linked: &&Linked| linked.base.repo.as_ref().is_none_or(|home| home.id == repository.id);
    linked.unwrap_or_default().iter().filter(goes_here).collect()
}

/// The same sighting of each pull request; of those that have the commit, when GitHub names none.
fn spread(linked: &[&Linked], repository: &Repository, head_sha: &str, seen: &ObservePullRequest) -> Vec<Sighting> {
    if linked.is_empty() {
        return vec![Sighting { clue: Clue::Head(head_sha.to_owned()), seen: seen.clone() }];
    }
    let of = |linked: &&Linked| Sighting {
        clue: Clue::Address(branch_of(&linked.head, repository)),
        seen: ObservePullRequest {
            url: format!("{}/pull/{}", repository.html_url.0, linked.number),
            branch: Some(linked.head.branch.clone()),
            base_branch: Some(linked.base.branch.clone()),
            ..seen.clone()
        },
    };
    linked.iter().map(of).collect()
}

fn check(run: &CheckRun) -> ObservedCheck {
    let mut printed = run.output.iter().flat_map(|output| [&output.text, &output.summary]).flatten();
    ObservedCheck {
        name: line(&run.name, 256),
        commit: run.head_sha.clone(),
        status: status(&run.status, run.conclusion.as_deref()),
        url: run.html_url.clone(),
        log_tail: printed.find(|text| !text.trim().is_empty()).cloned(),
    }
}

fn status(status: &str, conclusion: Option<&str>) -> CheckStatus {
    match (status, conclusion) {
        ("queued" | "waiting" | "pending" | "requested", _) => CheckStatus::Queued,
        ("in_progress", _) => CheckStatus::InProgress,
        ("completed", Some("success" | "neutral")) => CheckStatus::Passed,
        ("completed", Some("skipped")) => CheckStatus::Skipped,
        ("completed", Some("cancelled" | "stale")) => CheckStatus::Cancelled,
        ("completed", Some("failure" | "timed_out" | "action_required" | "startup_failure")) => CheckStatus::Failed,
        _ => CheckStatus::Unknown,
    }
}

/// What checks come to that ended so; nothing for those that were stopped.
fn ci(conclusion: &str) -> Option<PrCi> {
    match conclusion {
        "success" | "neutral" | "skipped" => Some(PrCi::Passing),
        "failure" | "timed_out" | "action_required" | "startup_failure" => Some(PrCi::Failing),
        _ => None,
    }
}
