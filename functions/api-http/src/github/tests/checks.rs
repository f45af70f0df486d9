//! What `check_run` and `check_suite` come to.

use serde_json::{Value, json};
use shared::message::command::ObservedCheck;
use shared::value::{CheckStatus, PrCi};

use super::{Clue, FAILED, FIRST, SECOND, SUITE, URL, all, at, one, own_branch, with};

const PASSED: &str = include_str!("../../../../../tests/fixtures/github/check_run.completed_success.json");

// PR-13
#[test]
fn a_check_is_seen_with_the_end_of_its_log() {
    let failed = one("check_run", FAILED);
    assert_eq!((failed.clue, failed.seen.url.as_str()), (own_branch(), URL));
    assert_eq!((failed.seen.observed_at, failed.seen.head_sha, failed.seen.ci), (at("09:06:30"), None, None));
    let [check] = failed.seen.checks.as_slice() else { panic!("one check") };
    assert_eq!((check.name.as_str(), check.commit.as_str()), ("build", FIRST));
    assert_eq!(check.status, CheckStatus::Failed);
    assert!(check.log_tail.as_ref().is_some_and(|log| log.contains("gives_up_after_two_retries")));
    let passed = one("check_run", PASSED).seen;
    let expected = ObservedCheck {
        name: "build".to_owned(),
        commit: SECOND.to_owned(),
        status: CheckStatus::Passed,
        url: Some("https://github.com/acme/storefront/actions/runs/29100000002/job/41500000002".to_owned()),
        log_tail: Some("All 214 tests passed".to_owned()),
    };
    assert_eq!(passed.checks, [expected]);
}

// PR-13
#[test]
fn a_check_stands_as_its_status_and_conclusion_say() {
    use CheckStatus::{Cancelled, Failed, InProgress, Passed, Queued, Skipped, Unknown};
    for (status, conclusion, expected) in [
        ("queued", None, Queued),
        ("waiting", None, Queued),
        ("pending", None, Queued),
        ("requested", None, Queued),
        ("in_progress", None, InProgress),
        ("completed", Some("success"), Passed),
        ("completed", Some("neutral"), Passed),
        ("completed", Some("skipped"), Skipped),
        ("completed", Some("cancelled"), Cancelled),
        ("completed", Some("stale"), Cancelled),
        ("completed", Some("failure"), Failed),
        ("completed", Some("timed_out"), Failed),
        ("completed", Some("action_required"), Failed),
        ("completed", Some("startup_failure"), Failed),
        ("completed", Some("something new"), Unknown),
        ("completed", None, Unknown),
        ("something new", None, Unknown),
    ] {
        let body = with(FAILED, "/check_run/status", json!(status));
        let body = with(&body, "/check_run/conclusion", json!(conclusion));
        let seen = one("check_run", &body).seen;
        assert_eq!(seen.checks.first().map(|check| check.status), Some(expected), "{status} {conclusion:?}");
    }
    let running = one("check_run", &with(FAILED, "/check_run/completed_at", json!(null)));
    assert_eq!(running.seen.observed_at, at("09:01:02"));
}

// PR-13, PR-15
#[test]
fn a_check_that_names_no_pull_request_is_of_those_that_have_its_commit() {
    let elsewhere = with(FAILED, "/check_run/pull_requests/0/base/repo/id", json!(77));
    for body in [with(FAILED, "/check_run/pull_requests", json!([])), elsewhere] {
        let seen = one("check_run", &body);
        assert_eq!((seen.clue, seen.seen.url.as_str()), (Clue::Head(FIRST.to_owned()), ""));
    }
    let fixture: Value = serde_json::from_str(FAILED).unwrap_or_default();
    let first = &fixture["check_run"]["pull_requests"][0];
    let mut second = first.clone();
    second["number"] = json!(43);
    let two = all("check_run", &with(FAILED, "/check_run/pull_requests", json!([first, second])));
    let urls: Vec<_> = two.iter().map(|sighting| sighting.seen.url.as_str()).collect();
    assert_eq!(urls, [URL, "https://github.com/acme/storefront/pull/43"]);
}

// PR-13
#[test]
fn a_suite_says_what_its_checks_come_to_once_they_have_ended() {
    let suite = one("check_suite", SUITE);
    assert_eq!((suite.clue, suite.seen.url.as_str()), (own_branch(), URL));
    assert_eq!((suite.seen.ci, suite.seen.head_sha), (Some(PrCi::Passing), None));
    assert_eq!((suite.seen.observed_at, suite.seen.checks.len()), (at("10:11:32"), 0));
    for (conclusion, expected) in [
        ("success", Some(PrCi::Passing)),
        ("neutral", Some(PrCi::Passing)),
        ("skipped", Some(PrCi::Passing)),
        ("failure", Some(PrCi::Failing)),
        ("timed_out", Some(PrCi::Failing)),
        ("action_required", Some(PrCi::Failing)),
        ("startup_failure", Some(PrCi::Failing)),
        ("cancelled", None),
        ("stale", None),
    ] {
        let found = all("check_suite", &with(SUITE, "/check_suite/conclusion", json!(conclusion)));
        assert_eq!(found.first().and_then(|sighting| sighting.seen.ci), expected, "{conclusion}");
    }
    assert!(all("check_suite", &with(SUITE, "/action", json!("requested"))).is_empty());
    let moved_on = with(SUITE, "/check_suite/pull_requests/0/head/sha", json!(FIRST));
    assert!(all("check_suite", &moved_on).is_empty(), "it checked a commit that is not the newest any more");
    let nameless = one("check_suite", &with(SUITE, "/check_suite/pull_requests", json!([])));
    assert_eq!(nameless.clue, Clue::Head(SECOND.to_owned()));
}
