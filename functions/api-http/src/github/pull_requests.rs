//! What `pull_request` says: all facts of a pull request, as they are now.

use shared::clock::Time;
use shared::message::command::ObservePullRequest;
use shared::value::{Mergeability, PrState};

use super::payload::{PullRequest, PullRequestDelivery};
use super::{Clue, Sighting, branch_of, line, partial};

/// What is seen of the pull request.
pub fn seen(delivery: &PullRequestDelivery) -> Sighting {
    let PullRequestDelivery { repository, pull_request } = delivery;
    Sighting {
        clue: Clue::Address(branch_of(&pull_request.head, repository)),
        seen: facts(pull_request, pull_request.updated_at),
    }
}

/// The facts of a pull request that came with a delivery. Also one about a review says where the pull request stands: should
/// it be the first that is heard of it, a merged one must not count as open.
pub fn facts(pull_request: &PullRequest, observed_at: Option<Time>) -> ObservePullRequest {
    ObservePullRequest {
        title: pull_request.title.as_deref().map(|title| line(title, 1000)),
        branch: Some(pull_request.head.branch.clone()),
        base_branch: Some(pull_request.base.branch.clone()),
        head_sha: Some(pull_request.head.sha.clone()),
        author: pull_request.user.as_ref().map(|user| user.login.clone()),
        additions: pull_request.additions,
        deletions: pull_request.deletions,
        state: Some(state(pull_request)),
        mergeability: pull_request.mergeable_state.as_deref().and_then(mergeability),
        ..partial(pull_request.html_url.0.clone(), observed_at)
    }
}

fn state(pull_request: &PullRequest) -> PrState {
    if pull_request.merged == Some(true) || pull_request.merged_at.is_some() {
        PrState::Merged
    } else if pull_request.state == "closed" {
        PrState::Closed
    } else if pull_request.draft == Some(true) {
        PrState::Draft
    } else {
        PrState::Open
    }
}

/// What GitHub found out; nothing while it has not, or will not for a draft.
fn mergeability(state: &str) -> Option<Mergeability> {
    match state {
        "clean" | "has_hooks" => Some(Mergeability::Mergeable),
        "dirty" => Some(Mergeability::Conflicting),
        "blocked" | "behind" => Some(Mergeability::Blocked),
        "unstable" => Some(Mergeability::Unstable),
        _ => None,
    }
}
