//! Sessions: how they start, what they show, how they end, and who may say so.

use std::collections::BTreeSet;
use std::time::Duration;

use futures::future::join_all;
use serde_json::{Value, json};
use tests::runs::{RUNS, run_of, started};
use tests::sessions::{PR, SESSIONS, check, observed, raised, reported, seen, session_of, session_started, status_of};
use tests::system::{Answer, KeyOf, System};
use tests::world::World;

/// Ids of the sessions on a page.
fn ids(page: &Answer) -> Vec<String> {
    assert_eq!(page.status, 200, "{}", page.body);
    page.list("/items").iter().map(|item| item["session_id"].as_str().expect("an id").to_owned()).collect()
}

async fn shown(system: &System, session: &str) -> Value {
    system.owner.get(&format!("{SESSIONS}/{session}")).await.body
}

/// Status, and the fact that decided: which, its value, its time.
async fn reason(system: &System, session: &str) -> Value {
    let shown = shown(system, session).await;
    let reason = &shown["status_reason"];
    json!([shown["status"], reason["fact"], reason["value"], reason["since"]])
}

async fn act(system: &System, session: &str, action: &str, body: Value) -> Answer {
    system.apply(&format!("{SESSIONS}/{session}/{action}"), &body).await
}

// SESSION-1, SESSION-2, HTTP-7
#[tokio::test]
async fn sessions_are_counted_within_their_project_and_no_number_comes_back() {
    let system = System::stepped().await;
    let mer = system.client(KeyOf { project: Some("mer"), ..KeyOf::default() }).await;
    assert_eq!(session_started(&system, &session_of("ada")).await, "default-1");
    assert_eq!(session_started(&system, &json!({})).await, "default-2");
    // Another project's launcher may call its session the same.
    assert_eq!(mer.post(&format!("{SESSIONS}?wait=0"), &session_of("ada")).await.status, 202);
    system.settle().await;
    assert_eq!(act(&system, "default-2", "kill", json!({})).await.status, 200);
    assert_eq!(session_started(&system, &json!({})).await, "default-3");
    assert_eq!(ids(&mer.get(SESSIONS).await), ["mer-1"]);
    let own = system.owner.get(&format!("{SESSIONS}?project_id=default")).await;
    assert_eq!(ids(&own), ["default-3", "default-2", "default-1"]);
    assert_eq!(ids(&system.owner.get(SESSIONS).await).len(), 4, "the owner reads the whole team");
    system.assert_at_rest().await;
}

// SESSION-1, SESSION-2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starts_at_once_are_one_session_under_one_external_id_and_many_without() {
    let system = System::running().await;
    let start = |body: Value| {
        let owner = system.owner.clone();
        async move { owner.post(&format!("{SESSIONS}?wait=30"), &body).await }
    };
    let same = join_all((0..10).map(|_| start(session_of("ada")))).await;
    for answer in &same {
        assert!(answer.status == 201 || answer.status == 200, "{}", answer.body);
        assert_eq!(answer.text("/session/session_id"), "default-1");
    }
    assert_eq!(same.iter().filter(|answer| answer.status == 201).count(), 1);
    let many = join_all((0..20).map(|_| start(json!({})))).await;
    let numbered: BTreeSet<_> = many.iter().map(|answer| answer.text("/session/session_id")).collect();
    assert_eq!(numbered.len(), 20);
    assert_eq!(system.number("SELECT count(*) FROM sessions").await, 21);
    assert_eq!(system.number("SELECT count(*) FROM events WHERE type = 'session_created'").await, 21);
    system.assert_at_rest().await;
    system.stop().await;
}

// SESSION-2, SESSION-3, SESSION-7
#[tokio::test]
async fn a_known_external_id_is_the_same_session_and_what_is_empty_leaves_what_is_stored() {
    let system = System::stepped().await;
    let full = json!({
        "external_session_id": "ext-1", "prompt": "Fix it", "branch": "fix", "workspace_path": "/work/fix",
        "runtime_name": "tmux", "runtime_handle_id": "w:1", "agent_session_id": "a-1",
    });
    let first = system.apply(SESSIONS, &full).await;
    assert_eq!((first.status.as_u16(), first.text("/session/state")), (201, "not_started".to_owned()));
    assert_eq!(first.body["session"]["is_alive"], false);
    let head = system.settle().await;
    for given in [
        json!({ "external_session_id": " ext-1 " }),
        json!({ "external_session_id": "ext-1", "prompt": " ", "branch": "", "workspace_path": null,
            "runtime_name": "", "runtime_handle_id": "\t", "agent_session_id": null }),
    ] {
        let again = system.apply(SESSIONS, &given).await;
        assert_eq!(again.status, 200, "{}", again.body);
        assert_eq!(again.text("/session/session_id"), "default-1");
        for (member, stored) in full.as_object().expect("an object") {
            assert_eq!(again.body["session"][member], *stored, "{member}");
        }
    }
    let moved = system.apply(SESSIONS, &json!({ "external_session_id": "ext-1", "branch": "other" })).await;
    assert_eq!((moved.text("/session/branch"), moved.text("/session/prompt")), ("other".into(), "Fix it".into()));
    assert_eq!(system.settle().await, head, "metadata alone appends nothing");
}

// RUN-6, SESSION-17
#[tokio::test]
async fn a_session_joins_the_agents_of_its_run_and_an_unknown_or_closed_run_takes_none() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["bob"], "standard")).await;
    let of = |run: &str| json!({ "run_id": run, "agent_name": "ada" });
    let session = session_started(&system, &of(&run)).await;
    assert_eq!(shown(&system, &session).await["ticket"], "RUN-1", "the run's first");
    assert_eq!(system.owner.get(&format!("{RUNS}/{run}")).await.body["agents"], json!(["ada", "bob"]));
    for unknown in ["run_0199a0a0-0000-7000-8000-000000000000", "nowhere"] {
        let refused = system.apply(SESSIONS, &of(unknown)).await;
        assert_eq!(refused.refusal(), (404, "not_found".to_owned()), "{unknown}");
    }
    let mer = system.client(KeyOf { project: Some("mer"), ..KeyOf::default() }).await;
    let foreign = mer.post(&format!("{SESSIONS}?wait=0"), &of(&run)).await;
    system.settle().await;
    assert_eq!(mer.get(foreign.header("location")).await.text("/error/code"), "not_found");
    let completed = json!({ "state": "completed" });
    assert_eq!(system.apply(&format!("{RUNS}/{run}/state"), &completed).await.status, 200);
    assert_eq!(system.apply(&format!("{RUNS}/{run}/close"), &json!({})).await.status, 200);
    assert_eq!(system.apply(SESSIONS, &of(&run)).await.refusal(), (409, "run_closed".to_owned()));
    assert_eq!(act(&system, &session, "kill", json!({})).await.status, 200);
    let restored = act(&system, &session, "restore", json!({})).await;
    assert_eq!(restored.refusal(), (409, "run_closed".to_owned()));
    assert_eq!(system.rows("SELECT session_id FROM sessions").await, [[json!(session)]]);
    assert_eq!(system.number("SELECT next FROM session_counters").await, 2, "what is refused takes no number");
}

// RUN-6, SESSION-2
#[tokio::test]
async fn a_session_that_is_told_its_run_later_is_in_it_wholly_or_not_at_all() {
    let system = System::stepped().await;
    let run = started(&system, &run_of(&["bob"], "standard")).await;
    let session = session_started(&system, &json!({ "external_session_id": "ext-1" })).await;
    let told = json!({ "external_session_id": "ext-1", "run_id": run, "agent_name": "ada" });
    assert_eq!(system.apply(SESSIONS, &told).await.status, 200);
    let is_told = shown(&system, &session).await["run_id"].is_string();
    let agents = system.owner.get(&format!("{RUNS}/{run}")).await;
    assert_eq!(agents.list("/agents").contains(&json!("ada")), is_told, "{}", agents.body);
}

// SESSION-12, AUTH-4
#[tokio::test]
async fn an_unknown_session_and_another_projects_are_404_and_stay_as_they_are() {
    let system = System::stepped().await;
    let session = session_started(&system, &session_of("ada")).await;
    let mer = system.client(KeyOf { project: Some("mer"), ..KeyOf::default() }).await;
    let head = system.settle().await;
    let not_found = (404, "not_found".to_owned());
    for (action, body) in [
        ("activity", json!({ "activity": "active" })),
        ("runtime", json!({ "runtime": "alive", "process": "alive" })),
        ("end", json!({})),
        ("kill", json!({})),
        ("restore", json!({})),
        ("messages", json!({ "body": "hello" })),
        ("inbox/ack", json!({ "pos": 0 })),
    ] {
        for unknown in ["default-99", "default-", "nobody"] {
            assert_eq!(act(&system, unknown, action, body.clone()).await.refusal(), not_found, "{unknown} {action}");
        }
        let sent = mer.post(&format!("{SESSIONS}/{session}/{action}?wait=0"), &body).await;
        if sent.status == 202 {
            system.settle().await;
            assert_eq!(mer.get(sent.header("location")).await.text("/error/code"), "not_found", "{action}");
        } else {
            assert_eq!(sent.refusal(), not_found, "{action}");
        }
    }
    for look in ["", "/prs", "/inbox"] {
        assert_eq!(system.owner.get(&format!("{SESSIONS}/default-99{look}")).await.refusal(), not_found, "{look}");
        assert_eq!(mer.get(&format!("{SESSIONS}/{session}{look}")).await.refusal(), not_found, "{look}");
    }
    assert_eq!((system.settle().await, status_of(&system, &session).await), (head, "spawning".to_owned()));
}

// SESSION-4, SESSION-8, SESSION-19
#[tokio::test]
async fn each_outcome_ends_a_session_in_its_own_way_and_once() {
    let system = System::stepped().await;
    for (body, state, termination, status) in [
        (json!({}), "done", Value::Null, "done"),
        (json!({ "outcome": "killed" }), "terminated", json!("manually_killed"), "killed"),
        (json!({ "outcome": "launch_failed" }), "terminated", json!("error_in_process"), "errored"),
        (json!({ "outcome": "cleanup" }), "terminated", json!("auto_cleanup"), "cleanup"),
    ] {
        let session = session_started(&system, &json!({})).await;
        assert_eq!(act(&system, &session, "end", body.clone()).await.status, 200, "{body}");
        let (head, ended) = (system.settle().await, shown(&system, &session).await);
        let found = (&ended["state"], &ended["termination_reason"], &ended["status"], &ended["is_alive"]);
        assert_eq!(found, (&json!(state), &termination, &json!(status), &json!(false)));
        assert_eq!(act(&system, &session, "end", body).await.status, 200, "once more");
        assert_eq!((system.settle().await, shown(&system, &session).await), (head, ended));
    }
    assert_eq!(raised(&system).await, ["agent_exited"], "of the launch that failed");
}

// SESSION-17
#[tokio::test]
async fn a_restore_opens_the_same_session_again_and_refuses_one_that_is_not_over() {
    let system = System::stepped().await;
    let session = session_started(&system, &json!({ "launch_id": "l-1", "prompt": "Fix it", "branch": "fix" })).await;
    assert_eq!(act(&system, &session, "restore", json!({})).await.refusal(), (409, "illegal_transition".to_owned()));
    for (action, launch) in [("kill", "l-2"), ("end", "l-3")] {
        reported(&system, &session, "active").await;
        assert_eq!(act(&system, &session, "restore", json!({})).await.text("/from"), "working");
        act(&system, &session, action, json!({ "reason": "for now" })).await;
        let restored = act(&system, &session, "restore", json!({ "launch_id": launch, "branch": launch })).await;
        assert_eq!((restored.status.as_u16(), restored.text("/session/session_id")), (200, session.clone()));
        let now = shown(&system, &session).await;
        let kept = json!([now["state"], now["is_alive"], now["prompt"], now["branch"]]);
        assert_eq!(kept, json!(["not_started", false, "Fix it", launch]));
        let cleared = json!([now["termination_reason"], now["end_reason"], now["activity"]]);
        assert_eq!(cleared, json!([null, null, null]), "after {action}");
        let stale = act(&system, &session, "activity", json!({ "activity": "active", "launch_id": "l-1" })).await;
        assert_eq!((stale.status.as_u16(), &stale.body["ignored"]), (200, &json!(true)));
        assert_eq!(status_of(&system, &session).await, "spawning");
    }
    assert_eq!(system.number("SELECT count(*) FROM sessions").await, 1);
}

// HTTP-5, SESSION-23
#[tokio::test]
async fn sessions_are_listed_newest_first_by_status_and_run_in_pages() {
    let system = System::stepped().await;
    for _ in 0..5 {
        session_started(&system, &json!({})).await;
    }
    reported(&system, "default-2", "active").await;
    act(&system, "default-4", "kill", json!({})).await;
    let list = async |query: &str| system.owner.get(&format!("{SESSIONS}?{query}")).await;
    for (query, expected) in [
        ("status=killed", vec!["default-4"]),
        ("status=working,%20KILLED", vec!["default-4", "default-2"]),
        ("status=spawning&limit=2", vec!["default-5", "default-3"]),
        ("status=merged,done", vec![]),
        ("run_id=run_x", vec![]),
    ] {
        assert_eq!(ids(&list(query).await), expected, "{query}");
    }
    let cursor = list("status=spawning&limit=2").await.text("/next_cursor");
    assert_eq!(ids(&list(&format!("status=spawning&limit=2&cursor={cursor}")).await), ["default-1"]);
    for other in ["status=killed", "", "run_id=run_x"] {
        let refused = list(&format!("{other}&cursor={cursor}")).await;
        assert_eq!(refused.refusal(), (400, "invalid_cursor".to_owned()), "{other}");
    }
    for (query, pointer) in [("status=asleep", "status"), ("status=working,asleep", "status"), ("limit=0", "limit")] {
        let refused = list(query).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{query}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{query}");
    }
    let (mut found, mut page) = (Vec::new(), list("limit=2").await);
    loop {
        found.extend(ids(&page));
        let Some(cursor) = page.body.get("next_cursor").and_then(Value::as_str).map(str::to_owned) else { break };
        session_started(&system, &json!({})).await;
        page = list(&format!("limit=2&cursor={cursor}")).await;
    }
    assert_eq!(found, ["default-5", "default-4", "default-3", "default-2", "default-1"]);
}

// SESSION-8, SESSION-11, SESSION-23
#[tokio::test]
async fn a_status_names_the_fact_that_decided_and_since_when() {
    let system = System::stepped().await;
    let session = session_started(&system, &session_of("ada")).await;
    let unhooked = session_started(&system, &json!({ "harness": "aider" })).await;
    let noon = "2026-01-31T12:00:00.000Z";
    assert_eq!(reason(&system, &session).await, json!(["spawning", "state", "not_started", noon]));
    let head = system.settle().await;
    system.advance(Duration::from_millis(89_999));
    assert_eq!(status_of(&system, &session).await, "spawning");
    system.advance(Duration::from_millis(1));
    let silent = reason(&system, &session).await;
    assert_eq!(json!([silent[0], silent[1], silent[3]]), json!(["no_signal", "no_activity", noon]));
    assert_eq!(status_of(&system, &unhooked).await, "spawning", "it would not report anyway");
    assert_eq!(ids(&system.owner.get(&format!("{SESSIONS}?status=no_signal")).await), [session.as_str()]);
    assert_eq!(system.settle().await, head, "it is derived when it is read");
    act(&system, &session, "runtime", json!({ "runtime": "alive", "process": "alive" })).await;
    assert_eq!(status_of(&system, &session).await, "no_signal", "instead of working");
    reported(&system, &session, "active").await;
    let since = "2026-01-31T12:01:30.000Z";
    assert_eq!(reason(&system, &session).await, json!(["working", "state", "working", since]));
    observed(&system, &seen(&session, check("c1", "failed"))).await;
    assert_eq!(reason(&system, &session).await, json!(["ci_failed", "pr_ci", "failing", since]));
    let detail = shown(&system, &session).await;
    assert_eq!(detail["status_reason"]["url"], PR);
    let facts = ["state", "ci", "review", "mergeability", "unresolved"].map(|fact| &detail["prs"][0][fact]);
    assert_eq!(json!(facts), json!(["open", "failing", "none", "unknown", 0]), "what is not known is shown so");
    assert_eq!(system.owner.get(SESSIONS).await.list("/items")[1], detail, "as in the list");
    system.advance(Duration::from_secs(10));
    act(&system, &session, "kill", json!({})).await;
    let since = "2026-01-31T12:01:40.000Z";
    assert_eq!(reason(&system, &session).await, json!(["killed", "termination_reason", "manually_killed", since]));
}
