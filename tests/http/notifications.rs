//! What people are told: once per entry, until it is over, whoever has read it.

use std::time::Duration;

use serde_json::{Value, json};
use shared::function::Function;
use shared::message::envelope::Tick;
use shared::value::KeyScope;
use sweep_escalations::SweepEscalations;
use tests::sessions::{PR, SESSIONS, observed, raised, reported, seen, session_of, session_started};
use tests::system::{Answer, KeyOf, System, question};
use tests::world::World;

const NOTIFICATIONS: &str = "/api/v1/notifications";
const THREADS: &str = "/api/v1/forum/threads";
const ESCALATIONS: &str = "SELECT count(*) FROM events WHERE type = 'forum.sla.escalation_requested'";

/// A system in which the session of ada waits for somebody's words.
async fn with_a_waiting_session() -> (System, String) {
    let system = System::stepped().await;
    let session = session_started(&system, &session_of("ada")).await;
    reported(&system, &session, "waiting_input").await;
    (system, session)
}

async fn listed(system: &System, query: &str) -> Vec<Value> {
    let page = system.owner.get(&format!("{NOTIFICATIONS}?{query}")).await;
    assert_eq!(page.status, 200, "{}", page.body);
    page.list("/items").to_vec()
}

async fn only(system: &System) -> Value {
    let mut all = listed(system, "").await;
    assert_eq!(all.len(), 1, "{all:?}");
    all.remove(0)
}

fn id(notification: &Value) -> &str {
    notification["notification_id"].as_str().expect("an id")
}

async fn read(system: &System, id: &str) -> Answer {
    system.owner.post(&format!("{NOTIFICATIONS}/{id}/read"), &json!({})).await
}

/// One look at the clock, and what comes of it.
async fn sweep(system: &System) {
    SweepEscalations::handle(&system.harness.ctx, Tick {}).await.expect("the sweep works");
    system.settle().await;
}

// REACT-6, REACT-10, REACT-14
#[tokio::test]
async fn waiting_for_input_is_told_once_and_resolved_by_the_agent_not_by_the_reader() {
    let (system, session) = with_a_waiting_session().await;
    let told = only(&system).await;
    for (member, expected) in [
        ("kind", json!("needs_input")),
        ("subject", json!(session)),
        ("session_id", json!(session)),
        ("agent_name", json!("ada")),
        ("ticket", json!("T-1")),
        ("priority", json!("high")),
        ("delivery", json!("disabled")),
        ("created_at", json!("2026-01-31T12:00:00.000Z")),
        ("read_at", Value::Null),
        ("resolved_at", Value::Null),
    ] {
        assert_eq!(told[member], expected, "{member}");
    }
    system.advance(Duration::from_secs(10));
    reported(&system, &session, "waiting_input").await;
    assert_eq!(only(&system).await, told, "it still waits");
    let seen = read(&system, id(&told)).await;
    assert_eq!((seen.status.as_u16(), &seen.body["resolved_at"]), (200, &Value::Null), "reading resolves nothing");
    system.advance(Duration::from_secs(10));
    reported(&system, &session, "active").await;
    let over = only(&system).await;
    assert_eq!(over["resolved_at"], "2026-01-31T12:00:20.000Z");
    assert_eq!((&over["read_at"], &over["read_by"]), (&seen.body["read_at"], &json!("owner")));
    assert_eq!(over["read_at"], "2026-01-31T12:00:10.000Z");
}

// REACT-10, LOG-6
#[tokio::test]
async fn what_nobody_has_read_and_holds_again_is_the_same_notification() {
    let (system, session) = with_a_waiting_session().await;
    let first = only(&system).await;
    reported(&system, &session, "active").await;
    assert!(only(&system).await["resolved_at"].is_string());
    assert_eq!(only(&system).await["read_at"], Value::Null, "resolved is not read");
    reported(&system, &session, "waiting_input").await;
    assert_eq!(only(&system).await, first);
    let log = system.owner.get("/api/v1/forum/events?types=notification.*").await;
    let types: Vec<_> = log.list("/events").iter().map(|event| &event["type"]).collect();
    assert_eq!(types, ["notification.created", "notification.resolved", "notification.created"]);
    for event in log.list("/events") {
        assert_eq!(event["payload"]["notification_id"], first["notification_id"]);
        let place = json!([event["session_id"], event["ticket"], event["agent_name"], event["payload"]["kind"]]);
        assert_eq!(place, json!([session, "T-1", "ada", "needs_input"]));
        assert_eq!((&event["payload"]["subject"], &event["payload"]["priority"]), (&json!(session), &json!("high")));
    }
    system.assert_at_rest().await;
}

// REACT-6, REACT-10
#[tokio::test]
async fn what_was_read_and_holds_again_is_told_again() {
    let (system, session) = with_a_waiting_session().await;
    let first = only(&system).await;
    for activity in ["active", "waiting_input"] {
        assert_eq!(read(&system, id(&first)).await.status, 200);
        reported(&system, &session, activity).await;
    }
    let both = listed(&system, "").await;
    assert_eq!(both.len(), 2);
    assert_ne!(id(&both[0]), id(&first));
    assert_eq!((&both[0]["read_at"], &both[0]["resolved_at"]), (&Value::Null, &Value::Null));
    assert!(both[1]["read_at"].is_string() && both[1]["resolved_at"].is_string(), "{}", both[1]);
    // Read while it holds, it is not told a third time.
    assert_eq!(read(&system, id(&both[0])).await.status, 200);
    system.advance(Duration::from_secs(10));
    reported(&system, &session, "waiting_input").await;
    assert_eq!(listed(&system, "").await.len(), 2);
}

// HTTP-5, REACT-10
#[tokio::test]
async fn notifications_are_listed_newest_first_by_what_they_are_and_how_they_stand() {
    let (system, ada) = with_a_waiting_session().await;
    let bob = session_started(&system, &session_of("bob")).await;
    reported(&system, &bob, "waiting_input").await;
    let of_bob = listed(&system, "").await.remove(0);
    assert_eq!(read(&system, id(&of_bob)).await.status, 200);
    reported(&system, &bob, "active").await;
    let eve = session_started(&system, &session_of("eve")).await;
    reported(&system, &eve, "blocked").await;
    for (query, expected) in [
        ("", vec![&eve, &bob, &ada]),
        ("read=true", vec![&bob]),
        ("read=false", vec![&eve, &ada]),
        ("resolved=true", vec![&bob]),
        ("resolved=false", vec![&eve, &ada]),
        ("kind=stuck", vec![&eve]),
        ("kind=%20NEEDS_INPUT&resolved=false", vec![&ada]),
        ("session_id=default-2", vec![&bob]),
        ("session_id=default-9", vec![]),
        ("run_id=run_x", vec![]),
        ("project_id=default&limit=2", vec![&eve, &bob]),
    ] {
        let found = listed(&system, query).await;
        let found: Vec<_> = found.iter().map(|one| one["subject"].as_str().expect("a subject")).collect();
        assert_eq!(found, expected, "{query}");
    }
    let list = async |query: &str| system.owner.get(&format!("{NOTIFICATIONS}?{query}")).await;
    let cursor = list("limit=2").await.text("/next_cursor");
    let rest = list(&format!("limit=2&cursor={cursor}")).await;
    assert_eq!((rest.text("/items/0/subject"), rest.list("/items").len()), (ada, 1));
    assert_eq!(rest.body.get("next_cursor"), None);
    for path in [format!("{NOTIFICATIONS}?read=false&cursor={cursor}"), format!("{SESSIONS}?cursor={cursor}")] {
        assert_eq!(system.owner.get(&path).await.refusal(), (400, "invalid_cursor".to_owned()), "{path}");
    }
    for (query, pointer) in
        [("read=maybe", "read"), ("resolved=1", "resolved"), ("kind=gossip", "kind"), ("limit=0", "limit")]
    {
        let refused = list(query).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{query}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{query}");
    }
}

// REACT-10, AUTH-4, AUTH-12
#[tokio::test]
async fn who_read_a_notification_first_stays_and_nobody_reads_a_foreign_one() {
    let (system, _) = with_a_waiting_session().await;
    let told = only(&system).await;
    let path = format!("{NOTIFICATIONS}/{}/read", id(&told));
    for unknown in ["ntf_0199a0a0-0000-7000-8000-000000000000", "nothing"] {
        assert_eq!(read(&system, unknown).await.refusal(), (404, "not_found".to_owned()));
    }
    for foreign in [
        KeyOf { project: Some("mer"), ..KeyOf::default() },
        KeyOf { team: "red", project: Some("fire"), ..KeyOf::default() },
    ] {
        let client = system.client(foreign).await;
        assert_eq!(client.post(&path, &json!({})).await.refusal(), (404, "not_found".to_owned()));
        assert_eq!(client.get(NOTIFICATIONS).await.list("/items").len(), 0);
    }
    let reader = system.client(KeyOf { scopes: &[KeyScope::ForumRead], ..KeyOf::default() }).await;
    assert_eq!(reader.post(&path, &json!({})).await.refusal(), (403, "scope_denied".to_owned()));
    assert_eq!(only(&system).await, told, "unread still");
    let desk = system.client(KeyOf { name: "desk", ..KeyOf::default() }).await;
    let first = desk.post(&path, &json!({})).await;
    assert_eq!((first.text("/read_by"), first.text("/read_at")), ("desk".into(), "2026-01-31T12:00:00.000Z".into()));
    system.advance(Duration::from_secs(5));
    assert_eq!(read(&system, id(&told)).await.body, first.body);
    let trail = "SELECT DISTINCT subject FROM audit WHERE action = 'notification.read'";
    assert_eq!(system.rows(trail).await, [[json!(id(&told))]]);
}

// REACT-11, RUN-16
#[tokio::test]
async fn a_thread_that_waits_too_long_is_told_once_until_it_no_longer_does() {
    let system = System::stepped().await;
    let mut urgent = question("Fire");
    urgent["priority"] = json!("urgent");
    let thread = system.opened(&urgent).await;
    for _ in 0..3 {
        sweep(&system).await;
        assert_eq!(raised(&system).await, ["thread_escalated"]);
    }
    let told = only(&system).await;
    assert_eq!(json!([told["subject"], told["thread_id"], told["ticket"]]), json!([thread, thread, "T-1"]));
    assert_eq!(system.number(ESCALATIONS).await, 1);
    system.apply(&format!("{THREADS}/{thread}/answer"), &json!({ "body": "water" })).await;
    sweep(&system).await;
    assert!(only(&system).await["resolved_at"].is_string());
    // An old one is told of too, and a touch is enough.
    let calm = system.opened(&question("Whenever")).await;
    system.advance(Duration::from_secs(30 * 60));
    sweep(&system).await;
    let (all, open) = (listed(&system, "").await, listed(&system, "resolved=false").await);
    assert_eq!((all.len(), open.len(), &open[0]["subject"]), (2, 1, &json!(calm)));
    system.apply(&format!("{THREADS}/{calm}/posts"), &json!({ "body": "soon" })).await;
    sweep(&system).await;
    assert_eq!(raised(&system).await, [""; 0]);
    assert_eq!(system.number(ESCALATIONS).await, 2);
    system.assert_whole().await;
}

// PR-9, REACT-6
#[tokio::test]
async fn a_merge_ends_its_session_once_nothing_of_it_is_open_and_is_told_once() {
    let system = System::stepped().await;
    let session = session_started(&system, &session_of("ada")).await;
    let other = "https://github.com/acme/storefront/pull/43";
    let observe = async |url: &str, state: &str| {
        observed(&system, &seen(&session, json!({ "url": url, "state": state }))).await;
        system.owner.get(&format!("{SESSIONS}/{session}")).await.text("/state")
    };
    for (url, state) in [(PR, "open"), (other, "open"), (PR, "merged"), (PR, "merged")] {
        assert_eq!(observe(url, state).await, "not_started", "{url} is {state}, and another one open");
    }
    assert_eq!(raised(&system).await, [""; 0], "a merge asks for nothing");
    assert_eq!(observe(other, "closed").await, "terminated");
    assert_eq!(observe(other, "closed").await, "terminated");
    let together = "SELECT count(*) FROM events AS pr JOIN events AS session USING (causation_id)
        WHERE pr.type = 'pr_updated' AND session.payload ->> 'termination_reason' = 'pr_merged'";
    assert_eq!(system.number(together).await, 1, "in one commit");
    let told = listed(&system, "").await;
    let told: Vec<_> = told.iter().map(|one| (&one["kind"], one["url"] == PR)).collect();
    assert_eq!(told, [(&json!("pr_closed_unmerged"), false), (&json!("pr_merged"), true)]);
}

// SESSION-5, SESSION-17, SESSION-18, REACT-6
#[tokio::test]
async fn a_killed_session_stays_as_it_is_and_nobody_is_told() {
    let (system, session) = with_a_waiting_session().await;
    let act = async |action: &str, body: Value| system.apply(&format!("{SESSIONS}/{session}/{action}"), &body).await;
    let killed = act("kill", json!({ "reason": "wrong branch" })).await.body["session"].clone();
    let shown = json!([killed["status"], killed["termination_reason"], killed["end_reason"], killed["is_alive"]]);
    assert_eq!(shown, json!(["killed", "manually_killed", "wrong branch", false]));
    let head = system.settle().await;
    for action in ["kill", "end"] {
        assert_eq!(act(action, json!({ "reason": "again" })).await.status, 200, "{action}");
    }
    for (action, body) in [
        ("activity", json!({ "activity": "active" })),
        ("runtime", json!({ "runtime": "alive", "process": "alive" })),
        ("runtime", json!({ "runtime": "dead", "process": "dead" })),
    ] {
        let answer = act(action, body).await;
        assert_eq!((answer.status.as_u16(), &answer.body["ignored"]), (200, &json!(true)), "{action}");
        assert_eq!(answer.body["session"], killed, "{action}");
    }
    assert_eq!(system.settle().await, head);
    assert!(only(&system).await["resolved_at"].is_string(), "what it waited for is over, and nothing else is told");
    assert_eq!(system.number("SELECT count(*) FROM posts").await, 0);
}
