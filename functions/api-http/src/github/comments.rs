//! What reviewers and others say: `pull_request_review`, `pull_request_review_comment` and `issue_comment`.

use shared::message::command::{ObservePullRequest, ObservedComment};
use shared::value::PrReview;

use super::payload::{Account, Comment, IssueCommentDelivery, Review, ReviewCommentDelivery, ReviewDelivery};
use super::pull_requests::facts;
use super::{Clue, Sighting, branch_of, line, partial};

/// What GitHub calls those who are gone.
const GONE: &str = "ghost";

/// A reviewer's word, and what they wrote with it; nothing when a review only holds remarks, which come by themselves.
pub fn of_review(delivery: &ReviewDelivery) -> Option<Sighting> {
    let ReviewDelivery { action, repository, pull_request, review } = delivery;
    if !matches!(action.as_str(), "submitted" | "edited" | "dismissed") {
        return None;
    }
    let word = match review.state.to_ascii_lowercase().as_str() {
        "approved" => Some(PrReview::Approved),
        "changes_requested" => Some(PrReview::ChangesRequested),
        "dismissed" => Some(PrReview::ReviewRequired),
        _ => None,
    };
    let comments = written(review, word, pull_request.user.as_ref()).map(|comment| vec![comment]);
    if word.is_none() && comments.is_none() {
        return None;
    }
    // A dismissal is newer than the review it takes back; the text of an old review may be edited after its reviewer has said
    // another word, which that must not replace.
    let observed_at = match action.as_str() {
        "dismissed" => review.submitted_at.max(pull_request.updated_at),
        _ => review.submitted_at,
    };
    Some(Sighting {
        clue: Clue::Address(branch_of(&pull_request.head, repository)),
        seen: ObservePullRequest {
            review: word,
            reviewer: word.map(|_| login(review.user.as_ref()).to_owned()),
            comments,
            ..facts(pull_request, observed_at)
        },
    })
}

/// What a review says beside its word: a wish while it wants something, dealt with once it is dismissed.
fn written(review: &Review, word: Option<PrReview>, opener: Option<&Account>) -> Option<ObservedComment> {
    let body = review.body.as_deref().filter(|body| !body.trim().is_empty())?;
    if word == Some(PrReview::Approved) {
        return None;
    }
    let mut comment = comment(format!("review-{}", review.id), review.user.as_ref(), opener, body);
    comment.resolved |= word == Some(PrReview::ReviewRequired);
    Some(comment)
}

/// A remark on lines of the change.
pub fn of_diff(delivery: &ReviewCommentDelivery) -> Sighting {
    let ReviewCommentDelivery { action, repository, pull_request, comment: said } = delivery;
    let mut comment = below(said.id.to_string(), said, pull_request.user.as_ref(), action);
    comment.path = said.path.as_deref().map(|path| line(path, 1024));
    comment.line = said.line.or(said.original_line);
    Sighting {
        clue: Clue::Address(branch_of(&pull_request.head, repository)),
        seen: ObservePullRequest { comments: Some(vec![comment]), ..facts(pull_request, said.updated_at) },
    }
}

/// What is said below a pull request; nothing for an issue that is none. Which branch the pull request comes from is not
/// told: it must be known already.
pub fn of_issue(delivery: &IssueCommentDelivery) -> Option<Sighting> {
    let IssueCommentDelivery { action, issue, comment: said } = delivery;
    let url = issue.pull_request.as_ref()?.html_url.as_ref()?.0.clone();
    let comment = below(format!("issue-{}", said.id), said, issue.user.as_ref(), action);
    Some(Sighting {
        clue: Clue::Address(None),
        seen: ObservePullRequest { comments: Some(vec![comment]), ..partial(url, said.updated_at) },
    })
}

/// A comment as it stands after `action`: a deleted one asks for nothing any more.
fn below(id: String, said: &Comment, opener: Option<&Account>, action: &str) -> ObservedComment {
    let mut comment = comment(id, said.user.as_ref(), opener, said.body.as_deref().unwrap_or_default());
    comment.resolved |= action == "deleted";
    comment
}

/// A comment. Whoever opened the pull request asks its own agent for nothing: what they say themselves is dealt with.
fn comment(id: String, by: Option<&Account>, opener: Option<&Account>, body: &str) -> ObservedComment {
    ObservedComment {
        id,
        author: login(by).to_owned(),
        is_bot: by.is_some_and(|by| by.kind.as_deref() == Some("Bot")),
        body: body.to_owned(),
        path: None,
        line: None,
        resolved: by.zip(opener).is_some_and(|(by, opener)| by.login == opener.login),
    }
}

fn login(account: Option<&Account>) -> &str {
    account.map_or(GONE, |account| account.login.as_str())
}
