//! What deliveries of GitHub come to, from real shapes.

mod checks;
mod comments;

use serde_json::{Value, json};
use shared::clock::Time;
use shared::message::command::{Command, ObservePullRequest};
use shared::value::{Mergeability, PrState};

use super::{Branch, Clue, EVENTS, Sighting, label, sightings};

const OPENED: &str = include_str!("../../../../tests/fixtures/github/pull_request.opened.json");
const SYNCHRONIZED: &str = include_str!("../../../../tests/fixtures/github/pull_request.synchronize.json");
const MERGED: &str = include_str!("../../../../tests/fixtures/github/pull_request.closed_merged.json");
const FAILED: &str = include_str!("../../../../tests/fixtures/github/check_run.completed_failure.json");
const SUITE: &str = include_str!("../../../../tests/fixtures/github/check_suite.completed.json");
const CHANGES: &str =
    include_str!("../../../../tests/fixtures/github/pull_request_review.submitted_changes_requested.json");
const REMARK: &str = include_str!("../../../../tests/fixtures/github/pull_request_review_comment.created.json");
const COMMENT: &str = include_str!("../../../../tests/fixtures/github/issue_comment.created.json");
const PING: &str = include_str!("../../../../tests/fixtures/github/ping.json");

const URL: &str = "https://github.com/acme/storefront/pull/42";
const FIRST: &str = "6f1c0d5e8b7a49c2d3e4f5061728394a5b6c7d8e";
const SECOND: &str = "b2e9a4c71d0f5e6384a9bc0d1e2f30415263748f";

/// The delivery with something else at a place that it has.
fn with(body: &str, pointer: &str, value: Value) -> String {
    let mut body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}"));
    *body.pointer_mut(pointer).unwrap_or_else(|| panic!("nothing at {pointer}")) = value;
    body.to_string()
}

/// The delivery without a field that it has.
fn without(body: &str, pointer: &str) -> String {
    let (parent, field) = pointer.rsplit_once('/').unwrap_or_default();
    let mut body: Value = serde_json::from_str(body).unwrap_or_else(|error| panic!("{error}"));
    let removed = body.pointer_mut(parent).and_then(Value::as_object_mut).and_then(|object| object.remove(field));
    assert!(removed.is_some(), "nothing at {pointer}");
    body.to_string()
}

fn all(event: &str, body: &str) -> Vec<Sighting> {
    sightings(event, body.as_bytes()).unwrap_or_else(|error| panic!("{event}: {error}"))
}

/// The one sighting of a delivery. All are partial, of something that was fetched, and may be stored once they have a session.
fn one(event: &str, body: &str) -> Sighting {
    let mut found = all(event, body);
    assert_eq!(found.len(), 1, "{event}");
    let sighting = found.remove(0);
    assert!(sighting.seen.partial && sighting.seen.fetched && sighting.seen.session_id.is_empty(), "{event}");
    let url = if sighting.seen.url.is_empty() { URL.to_owned() } else { sighting.seen.url.clone() };
    let stored = ObservePullRequest { session_id: "default-1".to_owned(), url, ..sighting.seen.clone() };
    assert!(stored.normalise(Time(i64::MAX)).is_ok(), "{event}");
    sighting
}

fn at(text: &str) -> Option<Time> {
    Time::parse(&format!("2026-01-31T{text}Z")).ok()
}

fn own_branch() -> Clue {
    Clue::Address(Some(Branch { repository: "acme/storefront".to_owned(), name: "checkout-retries".to_owned() }))
}

// PR-13, PR-14
#[test]
fn a_pull_request_is_seen_with_its_facts() {
    let opened = one("pull_request", OPENED);
    assert_eq!(opened.clue, own_branch());
    let expected = ObservePullRequest {
        url: URL.to_owned(),
        fetched: true,
        partial: true,
        observed_at: at("09:00:00"),
        title: Some("Retry the checkout when the payment provider times out".to_owned()),
        branch: Some("checkout-retries".to_owned()),
        base_branch: Some("main".to_owned()),
        head_sha: Some(FIRST.to_owned()),
        author: Some("ada-codes".to_owned()),
        additions: Some(118),
        deletions: Some(24),
        state: Some(PrState::Open),
        ..ObservePullRequest::default()
    };
    assert_eq!(opened.seen, expected);
    let pushed = one("pull_request", SYNCHRONIZED).seen;
    assert_eq!((pushed.head_sha.as_deref(), pushed.observed_at), (Some(SECOND), at("10:05:00")));
    assert_eq!(pushed.mergeability, Some(Mergeability::Unstable));
    assert_eq!(one("pull_request", MERGED).seen.state, Some(PrState::Merged));
}

// PR-13
#[test]
fn where_a_pull_request_stands_follows_from_three_fields() {
    for (state, draft, merged, expected) in [
        ("open", false, false, PrState::Open),
        ("open", true, false, PrState::Draft),
        ("closed", false, false, PrState::Closed),
        ("closed", true, false, PrState::Closed),
        ("closed", false, true, PrState::Merged),
    ] {
        let body = with(OPENED, "/pull_request/state", json!(state));
        let body = with(&body, "/pull_request/draft", json!(draft));
        let body = with(&body, "/pull_request/merged", json!(merged));
        assert_eq!(one("pull_request", &body).seen.state, Some(expected), "{state} {draft} {merged}");
    }
}

// PR-13
#[test]
fn what_github_has_not_found_out_is_left_as_it_was() {
    use Mergeability::{Blocked, Conflicting, Mergeable, Unstable};
    for (state, expected) in [
        ("clean", Some(Mergeable)),
        ("has_hooks", Some(Mergeable)),
        ("dirty", Some(Conflicting)),
        ("blocked", Some(Blocked)),
        ("behind", Some(Blocked)),
        ("unstable", Some(Unstable)),
        ("unknown", None),
        ("draft", None),
        ("something new", None),
    ] {
        let body = with(OPENED, "/pull_request/mergeable_state", json!(state));
        assert_eq!(one("pull_request", &body).seen.mergeability, expected, "{state}");
    }
}

// PR-13, PR-15
#[test]
fn a_branch_of_a_fork_does_not_pass_for_one_of_the_repository() {
    let fork = json!({ "id": 77, "full_name": "stranger/storefront", "fork": true });
    for event in ["pull_request", "pull_request_review"] {
        let body = if event == "pull_request" { OPENED } else { CHANGES };
        let forked = one(event, &with(body, "/pull_request/head/repo", fork.clone()));
        let branch = Branch { repository: "stranger/storefront".to_owned(), name: "checkout-retries".to_owned() };
        assert_eq!(forked.clue, Clue::Address(Some(branch)), "{event}");
        let gone = one(event, &with(body, "/pull_request/head/repo", json!(null)));
        assert_eq!(gone.clue, Clue::Address(None), "{event}");
    }
    let body = with(FAILED, "/check_run/pull_requests/0/head/repo/id", json!(77));
    assert_eq!(one("check_run", &body).clue, Clue::Address(None));
}

// PR-13
#[test]
fn other_events_say_nothing_whatever_they_hold() {
    for (event, body) in
        [("ping", PING), ("push", "not JSON"), ("issues", COMMENT), ("", "{}"), ("PULL_REQUEST", OPENED)]
    {
        assert!(all(event, body).is_empty(), "{event}");
        assert_eq!(label(event), "other", "{event}");
    }
    for event in EVENTS {
        assert_eq!(label(event), event);
    }
}

// PR-13
#[test]
fn what_github_always_sends_is_needed_and_what_it_leaves_out_is_not() {
    for event in EVENTS {
        for body in ["", "not JSON", "[]", "null", "{}", r#"{"action":"created","repository":{}}"#, "{\"a\":\"\u{0}"] {
            assert!(sightings(event, body.as_bytes()).is_err(), "{event}: {body}");
        }
        assert!(sightings(event, b"{\"action\":\"\xff\"}").is_err(), "{event}: no UTF-8");
    }
    for pointer in ["/pull_request/html_url", "/pull_request/head", "/pull_request/head/sha", "/repository"] {
        assert!(sightings("pull_request", without(OPENED, pointer).as_bytes()).is_err(), "{pointer}");
    }
    let odd = with(OPENED, "/pull_request/html_url", json!("javascript:alert(1)"));
    assert!(sightings("pull_request", odd.as_bytes()).is_err());
    for (event, body, field) in [
        ("pull_request", OPENED, "/pull_request/user"),
        ("pull_request", OPENED, "/pull_request/additions"),
        ("pull_request", OPENED, "/pull_request/draft"),
        ("pull_request", OPENED, "/pull_request/updated_at"),
        ("check_run", FAILED, "/check_run/output"),
        ("check_run", FAILED, "/check_run/html_url"),
        ("check_run", FAILED, "/check_run/pull_requests"),
        ("check_suite", SUITE, "/check_suite/pull_requests"),
        ("pull_request_review", CHANGES, "/review/user"),
        ("pull_request_review", CHANGES, "/review/body"),
        ("pull_request_review_comment", REMARK, "/comment/path"),
        ("issue_comment", COMMENT, "/comment/body"),
    ] {
        one(event, &with(body, field, json!(null)));
        one(event, &without(body, field));
    }
}

// PR-13: what strangers chose does not make a delivery unfit to be stored
#[test]
fn names_that_are_too_long_or_odd_are_cut() {
    let long = "x\n".repeat(2000);
    one("pull_request", &with(OPENED, "/pull_request/title", json!(long)));
    one("check_run", &with(FAILED, "/check_run/name", json!(long)));
    one("pull_request_review_comment", &with(REMARK, "/comment/path", json!(long)));
    one("pull_request_review_comment", &with(REMARK, "/comment/body", json!(long)));
}
