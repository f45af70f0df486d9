//! What reviews and comments come to.

use serde_json::json;
use shared::message::command::ObservedComment;
use shared::value::{PrReview, PrState};

use super::{CHANGES, COMMENT, Clue, REMARK, Sighting, URL, all, at, one, own_branch, with, without};

const APPROVED: &str = include_str!("../../../../../tests/fixtures/github/pull_request_review.submitted_approved.json");

fn the_comment(sighting: Sighting) -> ObservedComment {
    let mut comments = sighting.seen.comments.unwrap_or_default();
    assert_eq!(comments.len(), 1);
    comments.remove(0)
}

// PR-13
#[test]
fn a_review_is_its_reviewer_s_word_and_what_it_asks_for() {
    let changes = one("pull_request_review", CHANGES);
    assert_eq!(changes.clue, own_branch());
    assert_eq!((changes.seen.review, changes.seen.observed_at), (Some(PrReview::ChangesRequested), at("09:30:00")));
    assert_eq!((changes.seen.reviewer.as_deref(), changes.seen.state), (Some("maria-lopez"), Some(PrState::Open)));
    let comment = the_comment(changes);
    assert_eq!((comment.id.as_str(), comment.author.as_str()), ("review-2750001111", "maria-lopez"));
    assert!(comment.body.starts_with("The second retry") && !comment.resolved && !comment.is_bot);
    let approved = one("pull_request_review", APPROVED).seen;
    assert_eq!((approved.review, approved.comments), (Some(PrReview::Approved), None));

    for (action, state, body, word, resolved) in [
        ("submitted", "commented", "Why twice?", None, Some(false)),
        ("edited", "changes_requested", "Once.", Some(PrReview::ChangesRequested), Some(false)),
        ("submitted", "changes_requested", " ", Some(PrReview::ChangesRequested), None),
        ("submitted", "CHANGES_REQUESTED", "Once.", Some(PrReview::ChangesRequested), Some(false)),
        ("dismissed", "dismissed", "Once.", Some(PrReview::ReviewRequired), Some(true)),
    ] {
        let delivery = with(CHANGES, "/action", json!(action));
        let delivery = with(&delivery, "/review/state", json!(state));
        let seen = one("pull_request_review", &with(&delivery, "/review/body", json!(body))).seen;
        assert_eq!((seen.review, seen.reviewer.is_some()), (word, word.is_some()), "{action} {state}");
        let asked = seen.comments.map(|comments| comments.iter().all(|comment| comment.resolved));
        assert_eq!(asked, resolved, "{action} {state}");
    }
    let silent = with(&with(CHANGES, "/review/state", json!("commented")), "/review/body", json!(null));
    assert!(all("pull_request_review", &silent).is_empty(), "its remarks come by themselves");
    assert!(all("pull_request_review", &with(CHANGES, "/action", json!("something_new"))).is_empty());
    // A dismissal tells only when the review was given, which may be long ago.
    let late = with(&with(CHANGES, "/review/state", json!("dismissed")), "/action", json!("dismissed"));
    let late = with(&late, "/pull_request/updated_at", json!("2026-01-31T11:11:11Z"));
    assert_eq!(one("pull_request_review", &late).seen.observed_at, at("11:11:11"));
}

// PR-13
#[test]
fn a_remark_on_the_change_has_its_place() {
    let remark = one("pull_request_review_comment", REMARK);
    assert_eq!((&remark.clue, remark.seen.observed_at), (&own_branch(), at("09:30:00")));
    let expected = ObservedComment {
        id: "1980004321".to_owned(),
        author: "maria-lopez".to_owned(),
        is_bot: false,
        body: "This runs three times: `0..=RETRIES` counts one too many.".to_owned(),
        path: Some("src/checkout/retry.rs".to_owned()),
        line: Some(57),
        resolved: false,
    };
    assert_eq!(the_comment(remark), expected);
    let of = |pointer, value| the_comment(one("pull_request_review_comment", &with(REMARK, pointer, value)));
    assert_eq!(of("/comment/line", json!(null)).line, Some(55), "the line as it was");
    assert!(of("/action", json!("deleted")).resolved);
    assert!(of("/comment/user/type", json!("Bot")).is_bot);
    assert!(of("/comment/user/login", json!("ada-codes")).resolved, "by whoever opened the pull request");
    assert_eq!(of("/comment/user", json!(null)).author, "ghost");
}

// PR-13
#[test]
fn what_is_said_below_a_pull_request_is_a_comment_and_below_an_issue_nothing() {
    let said = one("issue_comment", COMMENT);
    assert_eq!((&said.clue, said.seen.url.as_str()), (&Clue::Address(None), URL));
    assert_eq!((said.seen.observed_at, said.seen.state), (at("10:15:00"), None));
    let comment = the_comment(said);
    assert_eq!((comment.id.as_str(), comment.author.as_str()), ("issue-3050007777", "coverage-reporter[bot]"));
    assert!(comment.is_bot && !comment.resolved && comment.path.is_none());
    let of = |pointer, value| the_comment(one("issue_comment", &with(COMMENT, pointer, value)));
    assert!(of("/action", json!("deleted")).resolved);
    assert!(of("/comment/user/login", json!("ada-codes")).resolved, "by whoever opened the pull request");
    assert!(all("issue_comment", &without(COMMENT, "/issue/pull_request")).is_empty());
}
