//! Tables of what one more observation changes.

use super::*;
use crate::message::command::{ObservePullRequest, ObservedCheck};

const NOON: Time = Time(1_000_000);

fn seen(at: i64) -> ObservePullRequest {
    ObservePullRequest {
        url: "https://h/a/b/pull/1".into(),
        session_id: "p-1".into(),
        fetched: true,
        observed_at: Some(Time(at)),
        ..ObservePullRequest::default()
    }
}

fn check(name: &str, commit: &str, status: CheckStatus) -> ObservedCheck {
    ObservedCheck { name: name.into(), commit: commit.into(), status, url: None, log_tail: None }
}

fn comment(id: &str, body: &str) -> ObservedComment {
    ObservedComment {
        id: id.into(),
        author: "eve".into(),
        is_bot: false,
        body: body.into(),
        path: None,
        line: None,
        resolved: false,
    }
}

/// What is stored after these observations.
fn after(all: &[ObservePullRequest]) -> Stored {
    let mut stored = Stored::default();
    for seen in all {
        let observation = stored.observe(seen, NOON);
        stored.facts = observation.facts.or(stored.facts);
        for check in observation.checks {
            stored.checks.retain(|old| (&old.name, &old.commit) != (&check.name, &check.commit));
            stored.checks.push(check);
        }
        let replaced = |id: &String| observation.comments.iter().any(|new| new.of.id == *id);
        stored.comments.retain(|old| !replaced(&old.of.id) && !observation.gone.contains(&old.of.id));
        stored.comments.extend(observation.comments.clone());
    }
    stored
}

// PR-4, PR-5, PR-6
#[test]
fn the_same_observation_again_changes_nothing() {
    let full = ObservePullRequest {
        head_sha: Some("c1".into()),
        state: Some(PrState::Open),
        checks: vec![check("build", "c1", CheckStatus::Failed)],
        comments: Some(vec![comment("1", "no")]),
        ..seen(10)
    };
    let stored = after(std::slice::from_ref(&full));
    assert_eq!(stored.facts.as_ref().map(|facts| facts.ci.0), Some(PrCi::Failing), "put together from its checks");
    assert!(stored.observe(&full, NOON).is_empty());
    // Seen so later: only that is remembered, so that what was seen in between comes too late.
    let later = stored.observe(&ObservePullRequest { observed_at: Some(Time(11)), ..full }, NOON);
    assert_eq!(later.facts.map(|facts| facts.observed_at), Some(Time(11)));
    assert!(later.checks.is_empty() && later.comments.is_empty());
}

// PR-6, PR-14
#[test]
fn comments_given_replace_the_stored_ones_unless_the_observation_is_partial() {
    let first = ObservePullRequest { comments: Some(vec![comment("1", "no"), comment("2", "why")]), ..seen(10) };
    let stored = after(&[first]);
    let next = ObservePullRequest { comments: Some(vec![comment("2", "why?")]), ..seen(11) };
    let full = stored.observe(&next, NOON);
    assert_eq!((full.comments.len(), full.gone.as_slice()), (1, ["1".to_owned()].as_slice()));
    let partial = stored.observe(&ObservePullRequest { partial: true, ..next }, NOON);
    assert_eq!((partial.comments.len(), partial.gone.len()), (1, 0));
    let silent = stored.observe(&seen(12), NOON);
    assert!(silent.comments.is_empty() && silent.gone.is_empty(), "no comments given says nothing about them");
}

// PR-14
#[test]
fn what_a_partial_observation_leaves_out_stays() {
    let full = ObservePullRequest { head_sha: Some("c1".into()), review: Some(PrReview::Approved), ..seen(10) };
    let one = ObservePullRequest { partial: true, checks: vec![check("build", "c1", CheckStatus::Passed)], ..seen(11) };
    let other =
        ObservePullRequest { partial: true, checks: vec![check("lint", "c1", CheckStatus::InProgress)], ..seen(12) };
    let facts = after(&[full, one, other]).facts.unwrap_or_else(|| panic!("facts"));
    assert_eq!((facts.review.0, facts.ci.0), (PrReview::Approved, PrCi::Pending));
}

#[test]
fn what_is_older_than_what_is_stored_is_left_aside_part_by_part() {
    let merged = ObservePullRequest {
        state: Some(PrState::Merged),
        checks: vec![check("build", "c1", CheckStatus::Passed)],
        comments: Some(vec![comment("1", "new")]),
        ..seen(20)
    };
    let stored = after(&[merged]);
    let late = ObservePullRequest {
        state: Some(PrState::Open),
        checks: vec![check("build", "c1", CheckStatus::InProgress), check("lint", "c1", CheckStatus::Failed)],
        comments: Some(vec![comment("1", "old")]),
        ..seen(10)
    };
    let observation = stored.observe(&late, NOON);
    assert!(observation.outdated);
    assert_eq!(observation.checks.iter().map(|check| check.name.as_str()).collect::<Vec<_>>(), ["lint"]);
    assert!(observation.comments.is_empty() && observation.gone.is_empty());
    assert!(observation.facts.is_none_or(|facts| facts.state.0 == PrState::Merged));
}

#[test]
fn the_words_of_several_reviewers_are_put_together() {
    let said = |at, reviewer: &str, review| ObservePullRequest {
        partial: true,
        review: Some(review),
        reviewer: Some(reviewer.into()),
        ..seen(at)
    };
    let review = |all: &[ObservePullRequest]| after(all).facts.map(|facts| facts.review.0);
    let (no, yes) = (PrReview::ChangesRequested, PrReview::Approved);
    let mut all = vec![said(1, "eve", no), said(2, "bob", yes)];
    assert_eq!(review(&all), Some(no), "one who wants changes still does");
    all.push(said(3, "eve", yes));
    assert_eq!(review(&all), Some(yes));
}

// PR-4
#[test]
fn a_new_commit_leaves_nothing_known_of_its_checks() {
    let failing = ObservePullRequest {
        head_sha: Some("c1".into()),
        checks: vec![check("build", "c1", CheckStatus::Failed)],
        ..seen(1)
    };
    let pushed = ObservePullRequest { partial: true, head_sha: Some("c2".into()), ..seen(2) };
    assert_eq!(after(&[failing, pushed]).facts.map(|facts| facts.ci.0), Some(PrCi::Unknown));
}

// PR-14
#[test]
fn a_part_of_the_checks_that_passed_says_nothing_of_the_others() {
    let failed = ObservePullRequest {
        partial: true,
        head_sha: Some("c1".into()),
        checks: vec![check("build", "c1", CheckStatus::Failed)],
        ..seen(1)
    };
    let suite = ObservePullRequest { partial: true, ci: Some(PrCi::Passing), ..seen(2) };
    let ci = |all: &[ObservePullRequest]| after(all).facts.map(|facts| facts.ci.0);
    assert_eq!(ci(&[failed.clone(), suite.clone()]), Some(PrCi::Failing));
    let fixed = ObservePullRequest { checks: vec![check("build", "c1", CheckStatus::Passed)], ..failed };
    assert_eq!(ci(&[fixed, suite]), Some(PrCi::Passing));
}

// PR-14
#[test]
fn an_older_fact_is_not_lost_because_a_check_was_heard_of_since() {
    let opened = ObservePullRequest { partial: true, head_sha: Some("c1".into()), ..seen(1) };
    let checked =
        ObservePullRequest { partial: true, checks: vec![check("build", "c2", CheckStatus::Passed)], ..seen(9) };
    let pushed = ObservePullRequest { partial: true, head_sha: Some("c2".into()), ..seen(5) };
    let facts = after(&[opened, checked, pushed]).facts.unwrap_or_else(|| panic!("facts"));
    assert_eq!((facts.head_sha.as_deref(), facts.ci.0), (Some("c2"), PrCi::Passing));
}

// REACT-4
#[test]
fn what_is_said_beside_the_code_is_settled_by_its_authors_approval_or_a_new_commit() {
    let on_line = ObservedComment { path: Some("a.rs".into()), ..comment("2", "rename") };
    let said = ObservePullRequest {
        partial: true,
        head_sha: Some("c1".into()),
        comments: Some(vec![comment("1", "no"), on_line]),
        ..seen(1)
    };
    let open = |all: &[ObservePullRequest]| {
        let comments = after(all).comments.into_iter().filter(|comment| !comment.of.resolved);
        comments.map(|comment| comment.of.id).collect::<Vec<_>>()
    };
    let approved = |by: &str| ObservePullRequest {
        partial: true,
        review: Some(PrReview::Approved),
        reviewer: Some(by.into()),
        ..seen(2)
    };
    assert_eq!(open(&[said.clone(), approved("bob")]).len(), 2);
    assert_eq!(open(&[said.clone(), approved("eve")]), ["2"]);
    let pushed = ObservePullRequest { partial: true, head_sha: Some("c2".into()), ..seen(2) };
    assert_eq!(open(&[said, pushed]), ["2"]);
}
