//! What happens to sessions without a word from them: time passes, facts change behind a reaction's back, probes find too
//! many dead.

use std::time::Duration;

use serde_json::json;
use shared::function::{Function, probing};
use shared::message::command::{ObservePullRequest, ReportActivity, StartSession};
use shared::message::envelope::Tick;
use shared::store::reconcile::Reach;
use shared::store::sessions::silent;
use shared::store::{Commit, Durability, reactions};
use shared::value::{Activity, Mergeability, PrReview, ProbeResult, SessionEnd};
use sweep_expired_leases::pass;
use sweep_retention::SweepRetention;
use tests::fixture::{Fixture, over_every_store, tenant};

use crate::gates::{prove, run};
use crate::nudges::{nudges, raised, sweep};
use crate::observations::{observe, seen};
use crate::sessions::{begun, doing, end, found, head, report, working};

const MINUTE: Duration = Duration::from_secs(60);
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

async fn states(fixture: &Fixture) -> String {
    fixture.texts("SELECT state FROM sessions ORDER BY id").await.join(" ")
}

// SESSION-6, SESSION-15, REACT-6
#[tokio::test]
async fn a_doubt_of_five_minutes_is_stuck_without_a_further_report() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        fixture.accept(found(&session, ProbeResult::Alive, ProbeResult::Failed)).await;
        fixture.settle().await;
        fixture.advance(Duration::from_millis(299_999));
        sweep(&fixture).await;
        assert_eq!(states(&fixture).await, "detecting");
        fixture.advance(Duration::from_millis(1));
        for _ in 0..2 {
            sweep(&fixture).await;
            assert_eq!(states(&fixture).await, "stuck");
            assert_eq!(raised(&fixture).await, ["stuck"]);
        }
        let memory = "SELECT detecting_attempts, detecting_since, detecting_evidence FROM sessions";
        assert_eq!(json!(fixture.rows(memory).await), json!([[null, null, null]]));
        let ended = "SELECT actor_type, actor_name, status FROM commands
            WHERE name = 'report_runtime' AND idempotency_key GLOB 'sweep-silent-sessions:default-1:*'";
        let expected = json!([["system", "sweep-silent-sessions", "applied"]]);
        assert_eq!(json!(fixture.rows(ended).await), expected);
        fixture.accept(found(&session, ProbeResult::Alive, ProbeResult::Alive)).await;
        fixture.settle().await;
        assert_eq!(states(&fixture).await, "working");
        assert_eq!(raised(&fixture).await, [""; 0]);
    })
    .await;
}

// SESSION-21
#[tokio::test]
async fn only_what_lives_and_has_a_handle_is_probed_and_only_by_who_can() {
    over_every_store(async |fixture| {
        let handle = |handle: &str| Some(handle.to_owned());
        let known = || StartSession { runtime_handle_id: handle("4711"), ..StartSession::default() };
        begun(&fixture, known()).await;
        working(&fixture).await;
        for outcome in [SessionEnd::Done, SessionEnd::Cleanup] {
            let session = begun(&fixture, known()).await;
            end(&fixture, &session, outcome).await;
        }
        let late = working(&fixture).await;
        fixture.accept(ReportActivity { runtime_handle_id: handle("%1"), ..doing(&late, Activity::Active) }).await;
        fixture.settle().await;
        let listed = fixture.ctx.store.read(|reader| silent::probeable(reader, 0, 500)).await.expect("sessions");
        let listed: Vec<_> = listed.into_iter().map(|session| (session.session_id, session.handle)).collect();
        let expected = [("default-1", "4711"), ("default-5", "%1")];
        assert_eq!(listed, expected.map(|(session, handle)| (session.to_owned(), handle.to_owned())));
        let before = fixture.number("SELECT max(seq) FROM commands").await;
        fixture.advance(MINUTE * 10);
        sweep(&fixture).await;
        assert_eq!(fixture.number("SELECT max(seq) FROM commands").await, before, "this process can probe nothing");
    })
    .await;
}

/// One pass of probes over these sessions.
async fn probe(fixture: &Fixture, key: &str, results: &[(&str, ProbeResult)]) -> bool {
    let reports = results.iter().map(|(session, result)| (found(session, *result, *result), true)).collect();
    let made = probing::pass(&fixture.ctx, &tenant(), key, reports).await.expect("a pass");
    let commit = Commit::new(Durability::Full, fixture.ctx.authoring("test")).then_all(made.statements);
    fixture.ctx.store.commit(commit).await.expect("the pass is stored");
    fixture.settle().await;
    made.implausible
}

// SESSION-14, SESSION-20, REACT-10
#[tokio::test]
async fn when_most_seem_dead_at_once_the_probe_is_not_believed_and_a_person_is_told_once() {
    use ProbeResult::{Alive, Dead};
    over_every_store(async |fixture| {
        for _ in 0..6 {
            working(&fixture).await;
        }
        let names = ["default-1", "default-2", "default-3", "default-4", "default-5", "default-6"];
        let mut results = names.map(|name| (name, Dead));
        results[5].1 = Alive;
        fixture.advance(MINUTE);
        for key in ["one", "two"] {
            assert!(probe(&fixture, key, &results).await);
            assert_eq!(states(&fixture).await, "detecting detecting detecting detecting detecting working");
            assert_eq!(raised(&fixture).await, ["mass_death"]);
        }
        // Two of three are believed; the warning stands until nobody is dead.
        assert!(!probe(&fixture, "three", &[(names[0], Dead), (names[1], Dead), (names[2], Alive)]).await);
        assert_eq!(states(&fixture).await, "terminated terminated working detecting detecting working");
        assert_eq!(raised(&fixture).await, ["mass_death", "agent_exited", "agent_exited"]);
        let reasons = "SELECT DISTINCT termination_reason FROM sessions WHERE state = 'terminated'";
        assert_eq!(fixture.texts(reasons).await, ["runtime_lost"]);
        assert!(!probe(&fixture, "four", &[3, 4].map(|n| (names[n], Alive))).await);
        assert_eq!(raised(&fixture).await, ["agent_exited", "agent_exited"]);
    })
    .await;
}

// REACT-5, REACT-9
#[tokio::test]
async fn an_agent_that_idles_is_told_once_and_a_person_after_a_quarter_of_an_hour_also_after_a_restart() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        report(&fixture, &session, Activity::Idle).await;
        let rows = "SELECT key, subject, attempts, first_at, last_at, escalate_at FROM reactions ORDER BY key, subject";
        let before = fixture.rows(rows).await;
        assert_eq!(before.len(), 1);
        let fixture = fixture.reopened(9).await;
        fixture.execute("UPDATE outbox SET status = 'pending' WHERE status = 'sent'").await;
        fixture.settle().await;
        fixture.advance(Duration::from_millis(899_999));
        sweep(&fixture).await;
        assert_eq!((nudges(&fixture).await, raised(&fixture).await.len()), (1, 0));
        assert_eq!(fixture.rows(rows).await, before);
        fixture.advance(Duration::from_millis(1));
        for _ in 0..2 {
            sweep(&fixture).await;
            assert_eq!((nudges(&fixture).await, raised(&fixture).await), (1, vec!["idle".to_owned()]));
        }
        report(&fixture, &session, Activity::Active).await;
        assert_eq!(raised(&fixture).await, [""; 0]);
        assert_eq!(fixture.rows(rows).await.len(), 0);
        report(&fixture, &session, Activity::Idle).await;
        assert_eq!(nudges(&fixture).await, 2, "it begins anew");
    })
    .await;
}

// REACT-5
#[tokio::test]
async fn nobody_is_told_of_an_idle_agent_that_has_said_it_is_done() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        let (run_id, agent_name) = (Some(run.clone()), Some("ada".to_owned()));
        let session = begun(&fixture, StartSession { run_id, agent_name, ..StartSession::default() }).await;
        for (activity, told) in [(Activity::Active, 0), (Activity::Idle, 1)] {
            report(&fixture, &session, activity).await;
            assert_eq!(nudges(&fixture).await, told);
        }
        prove(&fixture, &run).await;
        fixture.advance(MINUTE * 15);
        sweep(&fixture).await;
        for activity in [Activity::Active, Activity::Idle] {
            report(&fixture, &session, activity).await;
        }
        assert_eq!(nudges(&fixture).await, 1);
        assert_eq!(fixture.number("SELECT count(*) FROM notifications").await, 0);
    })
    .await;
}

fn merging(session: &str, mergeability: Mergeability) -> ObservePullRequest {
    ObservePullRequest { mergeability: Some(mergeability), ..seen(session) }
}

// REACT-5
#[tokio::test]
async fn a_conflict_is_told_once_and_a_person_when_it_lasts() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        for (mergeability, minutes, told, people) in [
            (Mergeability::Conflicting, 14, 1, ""),
            (Mergeability::Conflicting, 1, 1, "merge_conflict"),
            (Mergeability::Conflicting, 15, 1, "merge_conflict"),
            (Mergeability::Mergeable, 15, 1, ""),
            (Mergeability::Conflicting, 14, 2, ""),
        ] {
            observe(&fixture, merging(&session, mergeability)).await;
            fixture.advance(MINUTE * minutes);
            sweep(&fixture).await;
            assert_eq!((nudges(&fixture).await, raised(&fixture).await.join(" ").as_str()), (told, people));
        }
        assert_eq!(fixture.number("SELECT count(*) FROM notifications").await, 1);
    })
    .await;
}

// REACT-9, SESSION-18
#[tokio::test]
async fn no_clock_runs_on_for_a_session_that_was_killed_or_whose_pull_request_moved_away() {
    over_every_store(async |fixture| {
        let (idle, owner, other) = (working(&fixture).await, working(&fixture).await, working(&fixture).await);
        report(&fixture, &idle, Activity::Idle).await;
        observe(&fixture, merging(&owner, Mergeability::Conflicting)).await;
        assert_eq!(nudges(&fixture).await, 2);
        end(&fixture, &idle, SessionEnd::Killed).await;
        observe(&fixture, merging(&other, Mergeability::Mergeable)).await;
        fixture.advance(MINUTE * 15);
        sweep(&fixture).await;
        let now = fixture.ctx.clock.now();
        let overdue =
            fixture.ctx.store.read(move |reader| reactions::overdue(reader, now, 500)).await.expect("sessions");
        assert!(overdue.is_empty(), "each sweep would look at them again, for ever: {overdue:?}");
        assert_eq!(raised(&fixture).await, [""; 0]);
    })
    .await;
}

// REACT-10
#[tokio::test]
async fn what_no_longer_holds_is_resolved_by_reconciliation_though_no_event_says_so() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        report(&fixture, &session, Activity::WaitingInput).await;
        fixture.execute("DROP TRIGGER session_is_updated").await;
        fixture.execute("UPDATE sessions SET state = 'working', activity = 'active'").await;
        fixture.settle().await;
        assert_eq!(raised(&fixture).await, ["needs_input"]);
        for _ in 0..2 {
            pass(&fixture.ctx, Reach::Everything).await.expect("a pass");
            fixture.settle().await;
            assert_eq!(raised(&fixture).await, [""; 0]);
        }
        let told = "SELECT type, actor_name FROM events WHERE type GLOB 'notification.*' ORDER BY pos";
        let expected =
            json!([["notification.created", "react-nudges"], ["notification.resolved", "sweep-expired-leases"]]);
        assert_eq!(json!(fixture.rows(told).await), expected);
    })
    .await;
}

// REACT-10, PR-7
#[tokio::test]
async fn what_people_are_told_of_a_pull_request_holds_when_it_moves_to_another_session() {
    over_every_store(async |fixture| {
        let (one, two) = (working(&fixture).await, working(&fixture).await);
        let reviewed = |session: &str, review| ObservePullRequest { review: Some(review), ..seen(session) };
        for session in [&two, &one, &two] {
            observe(&fixture, reviewed(session, PrReview::Approved)).await;
            assert_eq!(raised(&fixture).await, ["approved"], "{session}");
            let before = head(&fixture).await;
            pass(&fixture.ctx, Reach::Everything).await.expect("a pass");
            fixture.settle().await;
            assert_eq!((raised(&fixture).await, head(&fixture).await), (vec!["approved".to_owned()], before));
        }
        observe(&fixture, reviewed(&two, PrReview::ReviewRequired)).await;
        assert_eq!(raised(&fixture).await, [""; 0]);
    })
    .await;
}

// RECONCILE-7
#[tokio::test]
async fn notifications_go_thirty_days_after_they_are_resolved_if_they_were_read() {
    over_every_store(async |fixture| {
        let retain = async || SweepRetention::handle(&fixture.ctx, Tick {}).await.expect("the sweep runs");
        for number in 1..=4 {
            let session = working(&fixture).await;
            report(&fixture, &session, Activity::WaitingInput).await;
            if number % 2 == 0 {
                report(&fixture, &session, Activity::Active).await;
            }
        }
        fixture.execute("UPDATE notifications SET read_at = 1, read_by = 'maria' WHERE id < 3").await;
        fixture.advance(DAY);
        let last = working(&fixture).await;
        report(&fixture, &last, Activity::WaitingInput).await;
        report(&fixture, &last, Activity::Active).await;
        fixture.execute("UPDATE notifications SET read_at = 1, read_by = 'maria' WHERE id = 5").await;
        let left = async || json!(fixture.rows("SELECT id FROM notifications ORDER BY id").await);
        fixture.advance(Duration::from_millis(29 * 86_400_000 - 1));
        retain().await;
        assert_eq!(left().await, json!([[1], [2], [3], [4], [5]]));
        fixture.advance(Duration::from_millis(1));
        retain().await;
        assert_eq!(left().await, json!([[1], [3], [4], [5]]), "read and resolved");
        fixture.advance(DAY * 400);
        retain().await;
        assert_eq!(left().await, json!([[1], [3], [4]]), "what nobody has read, and what still holds, stays");
    })
    .await;
}
