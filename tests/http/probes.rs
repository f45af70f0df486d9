//! What agents and probes report of sessions: what counts, what is left aside, and which deaths are not believed.

use std::time::Duration;

use serde_json::{Value, json};
use tests::sessions::{SESSIONS, raised, reported, session_of, session_started, status_of};
use tests::system::{Answer, KeyOf, System};
use tests::world::World;

const PASSES: &str = "/api/v1/probe-passes";
const MINUTE: Duration = Duration::from_secs(60);
const REPORTS: &str = "SELECT count(*) FROM commands WHERE name = 'report_activity'";

async fn report(system: &System, session: &str, body: Value) -> Answer {
    system.apply(&format!("{SESSIONS}/{session}/activity"), &body).await
}

async fn probed(system: &System, session: &str, runtime: &str, process: &str, evidence: &str) -> Answer {
    let found = json!({ "runtime": runtime, "process": process, "evidence": evidence });
    let answer = system.apply(&format!("{SESSIONS}/{session}/runtime"), &found).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    answer
}

/// One report of a pass: runtime and process alike.
fn found(session: &str, result: &str) -> Value {
    json!({ "session_id": session, "runtime": result, "process": result })
}

/// A pass of probes; while its answer waits for what it comes to, the system moves on.
async fn passed(system: &System, reports: &[Value]) -> Answer {
    let body = json!({ "reports": reports });
    let mut pass = std::pin::pin!(system.owner.post(PASSES, &body));
    loop {
        let mut bell = system.harness.ctx.store.outbox_bell();
        tokio::select! {
            answer = &mut pass => return answer,
            _ = bell.changed() => { system.settle().await; }
        }
    }
}

async fn sessions(system: &System, count: usize) -> Vec<String> {
    let mut started = Vec::new();
    for _ in 0..count {
        started.push(session_started(system, &json!({})).await);
    }
    started
}

/// A pass in which the first `dead` of these are dead.
async fn passed_with(system: &System, sessions: &[String], dead: usize) -> Answer {
    let result = |index| if index < dead { "dead" } else { "alive" };
    let reports: Vec<_> = sessions.iter().enumerate().map(|(index, session)| found(session, result(index))).collect();
    let answer = passed(system, &reports).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
    system.settle().await;
    answer
}

async fn states(system: &System) -> Vec<String> {
    let rows = system.rows("SELECT coalesce(termination_reason, state) FROM sessions ORDER BY id").await;
    rows.into_iter().map(|row| row[0].as_str().expect("a state").to_owned()).collect()
}

// SESSION-14, SESSION-17, SESSION-20
#[tokio::test]
async fn two_dead_of_three_end_once_they_were_quiet_for_a_minute_and_a_person_is_told_once() {
    let system = System::stepped().await;
    let all = sessions(&system, 3).await;
    reported(&system, &all[1], "active").await;
    reported(&system, &all[1], "exited").await;
    assert_eq!(states(&system).await, ["not_started", "working", "not_started"], "exited changes no state");
    system.advance(Duration::from_millis(59_999));
    let early = passed_with(&system, &all, 2).await;
    assert_eq!(early.body["implausible"], false);
    assert_eq!(states(&system).await, ["detecting", "detecting", "working"], "it was heard of a moment ago");
    assert_eq!(system.number("SELECT sum(is_alive) FROM sessions").await, 3);
    system.advance(Duration::from_millis(1));
    let late = passed_with(&system, &all, 2).await;
    assert_eq!((late.number("/applied"), late.number("/inconclusive")), (3, 0));
    assert_eq!(states(&system).await, ["runtime_lost", "agent_process_exited", "working"]);
    assert_eq!(raised(&system).await, ["agent_exited", "agent_exited"]);
    let head = system.settle().await;
    passed_with(&system, &all, 2).await;
    assert_eq!(system.settle().await, head, "what is over ignores probes");
}

// SESSION-20, REACT-10
#[tokio::test]
async fn five_dead_of_six_are_not_believed_and_a_person_is_warned_once() {
    let system = System::stepped().await;
    let all = sessions(&system, 6).await;
    system.advance(MINUTE);
    for round in ["first", "second"] {
        let pass = passed_with(&system, &all, 5).await;
        assert_eq!(pass.body["implausible"], true, "{round}");
        assert_eq!((pass.number("/applied"), pass.number("/inconclusive")), (1, 5), "{round}");
        assert_eq!(raised(&system).await, ["mass_death"], "{round}");
        let expected = ["detecting", "detecting", "detecting", "detecting", "detecting", "working"];
        assert_eq!(states(&system).await, expected, "{round}");
    }
    assert_eq!(system.number("SELECT count(*) FROM notifications").await, 1);
    assert_eq!(system.number("SELECT count(*) FROM events WHERE type = 'notification.created'").await, 1);
    passed_with(&system, &all, 0).await;
    assert_eq!(raised(&system).await, [""; 0], "a pass without dead clears it");
    // Half of them is not more than half, and fewer than five are believed however few others there are.
    let more = sessions(&system, 4).await;
    system.advance(MINUTE);
    let half: Vec<_> = all.iter().chain(&more).cloned().collect();
    assert_eq!(passed_with(&system, &half, 5).await.body["implausible"], false);
    assert_eq!(passed_with(&system, &more, 4).await.body["implausible"], false);
    assert_eq!(system.number("SELECT count(*) FROM sessions WHERE termination_reason = 'runtime_lost'").await, 9);
}

// SESSION-12, SESSION-20, CMD-12
#[tokio::test]
async fn a_pass_that_names_what_it_must_not_is_refused_as_a_whole() {
    let system = System::stepped().await;
    let all = sessions(&system, 2).await;
    let [one, other] = [&all[0], &all[1]].map(|session| found(session, "alive"));
    let wordy = json!({ "session_id": all[1], "runtime": "alive", "process": "alive", "evidence": "x".repeat(2001) });
    for (reports, pointer) in [
        (json!([]), "/reports"),
        (json!([one, other, one]), "/reports"),
        (json!([found(&all[0], "gone")]), "/reports/0/process"),
        (json!([one, { "session_id": all[1], "runtime": "dead" }]), "/reports/1/process"),
        (json!([one, wordy]), "/reports/1/evidence"),
    ] {
        let refused = system.owner.post(PASSES, &json!({ "reports": reports })).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{reports}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{reports}");
    }
    let unknown = system.owner.post(PASSES, &json!({ "reports": [one, found("default-99", "dead")] })).await;
    assert_eq!(unknown.refusal(), (404, "not_found".to_owned()));
    let mer = system.client(KeyOf { project: Some("mer"), ..KeyOf::default() }).await;
    let foreign = mer.post(PASSES, &json!({ "reports": [one] })).await;
    assert_eq!(foreign.refusal(), (404, "not_found".to_owned()));
    assert_eq!(system.number("SELECT count(*) FROM commands WHERE name = 'report_runtime'").await, 0);
    assert_eq!(states(&system).await, ["not_started", "not_started"]);
}

// SESSION-6, SESSION-14, SESSION-15, SESSION-16
#[tokio::test]
async fn a_doubt_is_stuck_after_three_like_findings_or_five_minutes_and_two_signs_of_life_end_it() {
    let system = System::stepped().await;
    let session = session_started(&system, &json!({})).await;
    for second in 1..=2 {
        let evidence = format!("pane gone at 12:00:0{second}");
        let doubted = probed(&system, &session, "alive", "dead", &evidence).await;
        assert_eq!(doubted.body["session"]["detecting"]["attempts"], second, "another time is no other finding");
        assert_eq!(doubted.body["session"]["is_alive"], true);
    }
    assert_eq!(probed(&system, &session, "alive", "alive", "").await.text("/session/status"), "working");
    assert_eq!(system.number("SELECT count(detecting_since) FROM sessions").await, 0);
    for expected in ["detecting", "detecting", "stuck"] {
        assert_eq!(probed(&system, &session, "unknown", "failed", "no answer").await.text("/session/status"), expected);
    }
    assert_eq!(raised(&system).await, ["stuck"]);
    reported(&system, &session, "active").await;
    // Each time another finding: the count starts over, the clock does not.
    let since = probed(&system, &session, "alive", "dead", "pane 1").await.text("/session/detecting/since");
    system.advance(Duration::from_millis(299_999));
    let other = probed(&system, &session, "alive", "dead", "pane 2").await;
    assert_eq!((other.number("/session/detecting/attempts"), other.text("/session/detecting/since")), (1, since));
    system.advance(Duration::from_millis(1));
    assert_eq!(probed(&system, &session, "alive", "dead", "pane 3").await.text("/session/status"), "stuck");
    // What the agent itself waits for, no probe takes back.
    for (activity, status) in [("waiting_input", "needs_input"), ("blocked", "stuck"), ("ready", "idle")] {
        reported(&system, &session, activity).await;
        assert_eq!(probed(&system, &session, "alive", "alive", "").await.text("/session/status"), status, "{activity}");
    }
}

// SESSION-13, CMD-12
#[tokio::test]
async fn what_a_body_must_not_say_is_refused_by_name_and_leaves_no_command() {
    let system = System::stepped().await;
    session_started(&system, &session_of("ada")).await;
    for (action, body, pointer) in [
        ("", json!({ "kind": "boss" }), "/kind"),
        ("", json!({ "run_id": "run_x" }), "/agent_name"),
        ("/default-1/activity", json!({ "activity": "dreaming" }), "/activity"),
        ("/default-1/activity", json!({ "agent_session_id": " " }), "/activity"),
        ("/default-1/activity", json!({ "activity": "active", "session_id": "default-2" }), "/session_id"),
        ("/default-1/runtime", json!({ "runtime": "gone", "process": "dead" }), "/runtime"),
        ("/default-1/end", json!({ "outcome": "merged" }), "/outcome"),
        ("/default-1/kill", json!({ "outcome": "done" }), "/outcome"),
        ("/default-1/restore", json!({ "external_session_id": "ext-ada" }), "/external_session_id"),
    ] {
        let refused = system.apply(&format!("{SESSIONS}{action}"), &body).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{action} {body}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{action} {body}");
    }
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 1);
    assert_eq!(report(&system, "default-1", json!({ "activity": " ACTIVE " })).await.status, 200);
}

// SESSION-12, SESSION-13, SESSION-22
#[tokio::test]
async fn a_report_of_another_launch_an_invalid_and_an_older_one_are_ignored() {
    let system = System::stepped().await;
    let session = session_started(&system, &json!({ "launch_id": "l-2", "branch": "mine" })).await;
    system.advance(MINUTE);
    reported(&system, &session, "waiting_input").await;
    let head = system.settle().await;
    for body in [
        json!({ "activity": "active", "launch_id": "l-1" }),
        json!({ "activity": "active", "launch_id": "l-1", "branch": "theirs" }),
        json!({ "activity": "active", "valid": false }),
        json!({ "activity": "active", "at": "2026-01-31T12:00:59.999Z" }),
    ] {
        let answer = report(&system, &session, body.clone()).await;
        assert_eq!((answer.status.as_u16(), &answer.body["ignored"]), (200, &json!(true)), "{body}");
        assert_eq!(answer.text("/session/status"), "needs_input");
        assert_eq!(answer.text("/session/branch"), "mine");
    }
    let gone = json!({ "runtime": "dead", "process": "dead", "launch_id": "l-1" });
    system.advance(MINUTE);
    let answer = system.apply(&format!("{SESSIONS}/{session}/runtime"), &gone).await;
    assert_eq!((answer.status.as_u16(), &answer.body["ignored"]), (200, &json!(true)));
    assert_eq!(system.settle().await, head, "no event");
    // A clock ahead of ours is taken for ours: later reports are not older than that.
    let ahead = json!({ "activity": "active", "launch_id": "l-2", "at": "2030-01-01T00:00:00Z" });
    let ahead = report(&system, &session, ahead).await;
    assert_eq!(ahead.text("/session/activity_at"), "2026-01-31T12:02:00.000Z");
    reported(&system, &session, "waiting_input").await;
    assert_eq!(status_of(&system, &session).await, "needs_input");
}

// SESSION-26, SESSION-7
#[tokio::test]
async fn what_an_agent_repeats_is_recorded_once_in_five_seconds() {
    let system = System::stepped().await;
    let session = session_started(&system, &session_of("ada")).await;
    let first = reported(&system, &session, "active").await.text("/command/command_id");
    let head = system.settle().await;
    for after in [0, 4_999] {
        system.advance(Duration::from_millis(after));
        let again = report(&system, &session, json!({ "activity": "active" })).await;
        assert_eq!((again.status.as_u16(), again.text("/session/status")), (200, "working".to_owned()));
        assert_eq!(again.text("/command/command_id"), first, "after {after} ms");
    }
    assert_eq!(system.number(REPORTS).await, 1);
    system.advance(Duration::from_millis(1));
    let later = reported(&system, &session, "active").await.text("/command/command_id");
    assert_ne!(later, first);
    assert_eq!((system.number(REPORTS).await, system.settle().await), (2, head), "recorded, and no event");
    for (body, recorded) in [
        (json!({ "activity": "waiting_input" }), 3),
        (json!({ "activity": "active" }), 4),
        (json!({ "activity": "active", "branch": "b" }), 5),
        (json!({ "activity": "active" }), 5),
    ] {
        assert_eq!(report(&system, &session, body.clone()).await.status, 200, "{body}");
        assert_eq!(system.number(REPORTS).await, recorded, "{body}");
    }
}

// CMD-5, SESSION-26
#[tokio::test]
async fn a_report_repeated_under_its_key_is_answered_as_a_repeat() {
    let system = System::stepped().await;
    let session = session_started(&system, &json!({})).await;
    let (path, active) = (format!("{SESSIONS}/{session}/activity?wait=0"), json!({ "activity": "active" }));
    let keyed = system.owner.clone().with_header("idempotency-key", "k-1");
    let first = keyed.post(&path, &active).await.text("/command/command_id");
    system.settle().await;
    let again = keyed.post(&path, &active).await;
    assert_eq!((again.text("/command/command_id"), again.header("idempotent-replayed")), (first, "true"));
    let other = keyed.post(&path, &json!({ "activity": "active", "source": "hook" })).await;
    assert_eq!(other.refusal(), (422, "idempotency_key_reused".to_owned()));
}

// SESSION-22, SESSION-26
#[tokio::test]
async fn only_a_report_that_will_be_heeded_stands_for_those_that_repeat_it() {
    let system = System::stepped().await;
    let session = session_started(&system, &json!({ "launch_id": "l-2" })).await;
    let path = format!("{SESSIONS}/{session}/activity?wait=0");
    let send = async |body: Value| system.owner.post(&path, &body).await;
    let active = json!({ "activity": "active" });
    let first = send(active.clone()).await.text("/command/command_id");
    assert_eq!(send(active.clone()).await.text("/command/command_id"), first, "it waits, and says it already");
    system.settle().await;
    let stale = report(&system, &session, json!({ "activity": "active", "launch_id": "l-1" })).await;
    assert_eq!((stale.status.as_u16(), &stale.body["ignored"]), (200, &json!(true)), "of another launch");
    for unheeded in [
        json!({ "activity": "waiting_input", "launch_id": "l-1" }),
        json!({ "activity": "waiting_input", "valid": false }),
        json!({ "activity": "waiting_input", "at": "2026-01-31T11:00:00Z" }),
    ] {
        send(unheeded.clone()).await;
        send(json!({ "activity": "waiting_input" })).await;
        system.settle().await;
        assert_eq!(status_of(&system, &session).await, "needs_input", "{unheeded} swallowed what came behind it");
        reported(&system, &session, "active").await;
    }
}
