//! Observations of pull requests: what is one, what is kept, what is left aside, and which events follow.

use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::runs::{run_of, started};
use tests::sessions::{OBSERVATIONS, PR, SESSIONS, check, observed, seen, session_of, session_started};
use tests::system::{Answer, KeyOf, NOON, System, answer};
use tests::world::World;

const PULLS: &str = "/api/v1/pull-requests";
const OTHER: &str = "https://github.com/acme/storefront/pull/43";
const STORED: &str = "SELECT (SELECT count(*) FROM pull_requests) + (SELECT count(*) FROM pr_checks)
    + (SELECT count(*) FROM pr_comments) + (SELECT count(*) FROM events WHERE type LIKE 'pr%')";

/// A system with the session of ada.
async fn with_a_session() -> (System, String) {
    let system = System::stepped().await;
    let session = session_started(&system, &session_of("ada")).await;
    (system, session)
}

/// An observation of a moment of the minute before noon.
fn seen_at(session: &str, second: u8, mut differs: Value) -> Value {
    differs["observed_at"] = json!(format!("2026-01-31T11:59:{second:02}Z"));
    seen(session, differs)
}

/// What is seen of the pull request when only this is known of it.
fn partly(session: &str, mut fields: Value) -> Value {
    fields["url"] = json!(PR);
    fields["session_id"] = json!(session);
    (fields["fetched"], fields["partial"]) = (json!(true), json!(true));
    fields
}

fn checks(of: &[(&str, &str)]) -> Value {
    let checks = of.iter().map(|(name, status)| json!({ "name": name, "commit": "c1", "status": status }));
    json!({ "head_sha": "c1", "checks": checks.collect::<Vec<_>>() })
}

fn comment(id: &str, body: &str) -> Value {
    json!({ "id": id, "author": "eve", "body": body, "path": "src/checkout.rs", "line": 7 })
}

fn urls(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{}", page.body);
    page.list("/items").iter().map(|item| item["url"].as_str().expect("an address").to_owned()).collect()
}

/// The changes of comments that were told: added, removed, unresolved.
async fn told(system: &System) -> Value {
    let sql = "SELECT payload ->> 'added', payload ->> 'removed', payload ->> 'unresolved' FROM events
        WHERE type = 'pr_comments_changed' ORDER BY pos";
    json!(system.rows(sql).await)
}

// PR-1, PR-4
#[tokio::test]
async fn variants_of_an_address_are_one_pull_request_and_a_session_may_own_many() {
    let (system, session) = with_a_session().await;
    observed(&system, &seen(&session, json!({}))).await;
    let head = system.settle().await;
    for variant in [
        "HTTPS://GitHub.COM/acme/storefront/pull/42",
        " https://github.com/acme/storefront/pull/42/ ",
        "https://github.com/acme/storefront/pull/42?diff=split#discussion",
    ] {
        let again = observed(&system, &seen(&session, json!({ "url": variant }))).await;
        assert_eq!(again.text("/pull_request/url"), PR, "{variant}");
        let asked = system.owner.request(Method::GET, PULLS).query(&[("url", variant)]);
        assert_eq!(urls(&answer(asked).await), [PR], "{variant}");
    }
    assert_eq!(system.settle().await, head, "seen the same again");
    assert_eq!(system.number("SELECT count(*) FROM pull_requests").await, 1);
    let other = observed(&system, &seen(&session, json!({ "url": OTHER }))).await;
    assert_eq!(other.text("/pull_request/session_id"), session);
}

// PR-3, SESSION-12
#[tokio::test]
async fn what_could_not_be_fetched_and_what_belongs_to_no_session_leaves_nothing() {
    let (system, session) = with_a_session().await;
    let commands = system.number("SELECT count(*) FROM commands").await;
    let failed = observed(&system, &seen(&session, json!({ "fetched": false, "state": "merged" }))).await;
    assert_eq!(failed.body, json!({ "ignored": true }));
    assert_eq!(system.number("SELECT count(*) FROM commands").await, commands);
    let unknown = system.apply(OBSERVATIONS, &seen("default-99", check("c1", "failed"))).await;
    assert_eq!(unknown.refusal(), (404, "not_found".to_owned()));
    let mer = system.client(KeyOf { project: Some("mer"), ..KeyOf::default() }).await;
    let foreign = mer.post(&format!("{OBSERVATIONS}?wait=0"), &seen(&session, json!({}))).await;
    system.settle().await;
    assert_eq!(mer.get(foreign.header("location")).await.text("/error/code"), "not_found");
    assert_eq!(system.number(STORED).await, 0);
}

// PR-1, PR-3, CMD-12
#[tokio::test]
async fn what_an_observation_must_not_say_is_refused_by_name() {
    let (system, session) = with_a_session().await;
    for (differs, pointer) in [
        (json!({ "url": "ftp://github.com/acme/storefront" }), "/url"),
        (json!({ "session_id": " " }), "/session_id"),
        (json!({ "fetched": "perhaps" }), "/fetched"),
        (json!({ "fetched": false, "state": "reopened" }), "/state"),
        (json!({ "state": "reopened" }), "/state"),
        (json!({ "review": "liked" }), "/review"),
        (json!({ "ci": "red" }), "/ci"),
        (json!({ "mergeability": "maybe" }), "/mergeability"),
        (json!({ "observed_at": "noon" }), "/observed_at"),
        (json!({ "checks": [{ "name": "build", "commit": "c1", "status": "green" }] }), "/checks/0/status"),
        (json!({ "comments": [comment("1", "a"), comment("", "b")] }), "/comments/1/id"),
    ] {
        let refused = system.apply(OBSERVATIONS, &seen(&session, differs.clone())).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{differs}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{differs}");
    }
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 1);
}

// PR-2
#[tokio::test]
async fn a_last_comment_that_fails_takes_the_whole_observation_with_it() {
    let (system, session) = with_a_session().await;
    let refuse = "CREATE TRIGGER refuse_nine BEFORE INSERT ON pr_comments WHEN NEW.comment_id = '9'
        BEGIN SELECT RAISE(ABORT, 'not this one'); END";
    system.execute(refuse).await;
    let mut body = seen(&session, check("c1", "failed"));
    body["comments"] = json!([comment("1", "a"), comment("9", "b")]);
    assert_eq!(system.apply(OBSERVATIONS, &body).await.refusal(), (500, "internal_error".to_owned()));
    assert_eq!(system.number(STORED).await, 0);
    assert_eq!(system.number("SELECT count(*) FROM dead_letters WHERE function = 'cmd-observe-pull-request'").await, 1);
}

// HTTP-4, REACT-2
#[tokio::test]
async fn of_a_long_log_the_end_is_kept_and_one_over_the_limit_is_413() {
    let (system, session) = with_a_session().await;
    let lines: Vec<_> = (0..9000).map(|n| format!("line {n:09} {}\n", "x".repeat(84))).collect();
    let lines = lines.concat();
    for (commit, log) in [("c1", lines), ("c2", "é".repeat(450_000))] {
        assert_eq!(log.len(), 900_000);
        let mut body = seen(&session, check(commit, "failed"));
        body["checks"][0]["log_tail"] = json!(log);
        let shown = observed(&system, &body).await.text("/pull_request/checks/0/log_tail");
        assert!(shown.len() <= 4096 && shown.lines().count() <= 40, "{} bytes", shown.len());
        assert!(log.trim_end().ends_with(&shown), "it is the end: {shown}");
    }
    assert_eq!(system.number("SELECT count(*) FROM pr_checks WHERE length(log_tail) BETWEEN 2000 AND 4096").await, 2);
    let longest = system.number("SELECT max(length(payload)) FROM commands").await;
    assert!(longest < 10_000, "the rest is kept nowhere: {longest}");
    let mut body = seen(&session, check("c3", "failed"));
    body["checks"][0]["log_tail"] = json!("x".repeat(1 << 20));
    assert_eq!(system.apply(OBSERVATIONS, &body).await.refusal(), (413, "payload_too_large".to_owned()));
    assert_eq!(system.number("SELECT count(*) FROM pr_checks").await, 2);
}

// PR-4: what was seen earlier and comes later
#[tokio::test]
async fn what_is_older_than_what_is_stored_is_ignored() {
    let (system, session) = with_a_session().await;
    let newest = checks(&[("build", "failed"), ("lint", "passed")]);
    let newest = observed(&system, &seen_at(&session, 30, newest)).await.body["pull_request"].clone();
    assert_eq!(json!([newest["ci"], newest["observed_at"]]), json!(["failing", "2026-01-31T11:59:30.000Z"]));
    let head = system.settle().await;
    let merged = json!({ "state": "merged", "title": "Old", "ci": "passing" });
    for older in [merged, checks(&[("lint", "failed")])] {
        let late = observed(&system, &seen_at(&session, 10, older.clone())).await;
        assert_eq!(late.body["pull_request"], newest, "{older}");
        assert_eq!(late.body["ignored"], true, "{older}");
    }
    assert_eq!(system.settle().await, head);
}

// PR-6
#[tokio::test]
async fn each_change_of_the_set_of_comments_is_one_event_and_its_order_none() {
    let (system, session) = with_a_session().await;
    let set = async |comments: Value| observed(&system, &seen(&session, json!({ "comments": comments }))).await;
    let (one, two) = (comment("1", "a"), comment("2", "b"));
    set(json!([two, one])).await;
    let head = system.settle().await;
    set(json!([one, two])).await;
    assert_eq!(system.settle().await, head, "the same in another order");
    let mut resolved = comment("1", "edited");
    set(json!([resolved, two])).await;
    resolved["resolved"] = json!(true);
    let shown = set(json!([resolved, two])).await;
    assert_eq!((shown.number("/pull_request/unresolved"), shown.list("/pull_request/comments").len()), (1, 1));
    observed(&system, &seen(&session, json!({}))).await;
    set(json!([])).await;
    assert_eq!(told(&system).await, json!([[2, 0, 2], [0, 0, 2], [0, 0, 1], [0, 2, 0]]));
}

// PR-6: a set that was seen before a newer one
#[tokio::test]
async fn a_late_set_of_comments_brings_nothing_back() {
    let (system, session) = with_a_session().await;
    observed(&system, &seen_at(&session, 10, json!({ "comments": [comment("1", "a")] }))).await;
    observed(&system, &seen_at(&session, 30, json!({ "title": "Newer", "comments": [] }))).await;
    let late = observed(&system, &seen_at(&session, 20, json!({ "comments": [comment("1", "a")] }))).await;
    assert_eq!(told(&system).await, json!([[1, 0, 1], [0, 1, 0]]));
    assert_eq!((late.number("/pull_request/unresolved"), &late.body["ignored"]), (0, &json!(true)));
}

// PR-14
#[tokio::test]
async fn a_partial_observation_leaves_what_it_does_not_name() {
    let (system, session) = with_a_session().await;
    let mut full = seen(&session, checks(&[("build", "passed"), ("lint", "passed")]));
    full["mergeability"] = json!("mergeable");
    full["comments"] = json!([comment("1", "a")]);
    assert_eq!(observed(&system, &full).await.text("/pull_request/ci"), "passing");
    let approved = observed(&system, &partly(&session, json!({ "review": "approved" }))).await;
    let shown = &approved.body["pull_request"];
    let kept = json!([shown["review"], shown["mergeability"], shown["title"], shown["unresolved"], shown["ci"]]);
    assert_eq!(kept, json!(["approved", "mergeable", "Retry the checkout", 1, "passing"]));
    let mut more = checks(&[("lint", "failed")]);
    more["comments"] = json!([comment("2", "b")]);
    let merged = observed(&system, &partly(&session, more)).await;
    assert_eq!((merged.text("/pull_request/ci"), merged.number("/pull_request/unresolved")), ("failing".into(), 2));
    assert_eq!(merged.list("/pull_request/checks").len(), 2);
    let whole = observed(&system, &seen(&session, json!({ "comments": [comment("2", "b")] }))).await;
    assert_eq!(whole.number("/pull_request/unresolved"), 1, "what is not partial replaces");
}

// PR-5
#[tokio::test]
async fn a_check_has_one_row_per_commit_and_an_event_per_change() {
    let (system, session) = with_a_session().await;
    let (running, failed) = (("c1", "in_progress"), ("c1", "failed"));
    for (commit, status) in [running, failed, failed, ("c2", "failed"), failed] {
        observed(&system, &seen(&session, check(commit, status))).await;
        system.advance(Duration::from_secs(60));
    }
    let rows = "SELECT name, \"commit\", status FROM pr_checks ORDER BY id";
    assert_eq!(json!(system.rows(rows).await), json!([["build", "c1", "failed"], ["build", "c2", "failed"]]));
    let told = format!(
        "SELECT payload ->> 'commit', payload ->> 'status', recorded_at - {NOON} FROM events
            WHERE type = 'pr_check_recorded' ORDER BY pos"
    );
    let expected = json!([["c1", "in_progress", 0], ["c1", "failed", 60_000], ["c2", "failed", 180_000]]);
    assert_eq!(json!(system.rows(&told).await), expected, "with the time of the change");
}

// PR-7, PR-8
#[tokio::test]
async fn events_carry_the_place_of_the_session_to_which_the_pull_request_moves_too() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&[], "standard")).await;
    let own = |agent: &str| json!({ "run_id": run, "agent_name": agent, "ticket": format!("T-{agent}") });
    let (ada, bob) = (session_started(&system, &own("ada")).await, session_started(&system, &own("bob")).await);
    let mut body = seen(&ada, check("c1", "passed"));
    body["comments"] = json!([comment("1", "a")]);
    observed(&system, &body).await;
    body["session_id"] = json!(bob);
    observed(&system, &body).await;
    observed(&system, &body).await;
    let told = "SELECT type, session_id, ticket, agent_name, run_id, payload ->> 'from', payload ->> 'to'
        FROM events WHERE type LIKE 'pr%' AND project_id = 'default' ORDER BY pos";
    let expected = json!([
        ["pr_created", ada, "T-ada", "ada", run, null, null],
        ["pr_check_recorded", ada, "T-ada", "ada", run, null, null],
        ["pr_comments_changed", ada, "T-ada", "ada", run, null, null],
        ["pr_session_changed", bob, "T-bob", "bob", run, ada, bob],
    ]);
    assert_eq!(json!(system.rows(told).await), expected);
    assert_eq!(urls(&system.owner.get(&format!("{SESSIONS}/{ada}/prs")).await), [""; 0]);
    assert_eq!(urls(&system.owner.get(&format!("{SESSIONS}/{bob}/prs")).await), [PR]);
}

// HTTP-5, PR-1
#[tokio::test]
async fn pull_requests_are_listed_newest_first_by_session_state_and_address() {
    let (system, session) = with_a_session().await;
    let bob = session_started(&system, &session_of("bob")).await;
    let third = "https://github.com/acme/storefront/pull/44";
    for (session, url, state) in [(&session, PR, "merged"), (&bob, OTHER, "draft"), (&session, third, "open")] {
        observed(&system, &seen(session, json!({ "url": url, "state": state }))).await;
    }
    let list = async |query: &str| system.owner.get(&format!("{PULLS}?{query}")).await;
    for (query, expected) in [
        ("", vec![third, OTHER, PR]),
        ("session_id=default-1", vec![third, PR]),
        ("session_id=default-1&state=%20MERGED", vec![PR]),
        ("state=closed", vec![]),
        ("limit=2", vec![third, OTHER]),
    ] {
        assert_eq!(urls(&list(query).await), expected, "{query}");
    }
    assert_eq!(urls(&system.owner.get(&format!("{SESSIONS}/{session}/prs")).await), [third, PR]);
    let cursor = list("limit=2").await.text("/next_cursor");
    assert_eq!(urls(&list(&format!("limit=2&cursor={cursor}")).await), [PR]);
    let foreign = list(&format!("state=open&cursor={cursor}")).await;
    assert_eq!(foreign.refusal(), (400, "invalid_cursor".to_owned()));
    for (query, pointer) in [("state=reopened", "state"), ("url=storefront", "url"), ("limit=201", "limit")] {
        assert_eq!(list(query).await.body["errors"][0]["pointer"], pointer, "{query}");
    }
}
