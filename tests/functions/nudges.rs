//! What agents and people are told: once each, only while it can be heeded and is true, and whatever is delivered twice,
//! lost or started again.

use cmd_observe_pull_request::CmdObservePullRequest;
use cmd_report_activity::CmdReportActivity;
use react_nudges::ReactNudges;
use serde_json::json;
use shared::function::Function;
use shared::message::command::{ObservePullRequest, ObservedComment, SendNudge, StartSession, control_thread_id};
use shared::message::envelope::Tick;
use shared::store::Guard;
use shared::store::threads::Nudges;
use shared::value::{Activity, CheckStatus, PrState, ProbeResult, SessionEnd};
use sweep_silent_sessions::SweepSilentSessions;
use tests::fixture::{Fixture, over_every_store, tenant};

use crate::gates::{commit, facts, prove, run, state};
use crate::observations::{PR, built, check, comment, observe, seen};
use crate::sessions::{begun, doing, end, found, report, working};

/// How many nudges were posted.
pub(crate) async fn nudges(fixture: &Fixture) -> i64 {
    fixture.number("SELECT count(*) FROM posts WHERE kind = 'nudge'").await
}

/// What people are told and is not resolved.
pub(crate) async fn raised(fixture: &Fixture) -> Vec<String> {
    fixture.texts("SELECT kind FROM notifications WHERE resolved_at IS NULL ORDER BY id").await
}

/// One look at the clock, and what comes of it.
pub(crate) async fn sweep(fixture: &Fixture) {
    SweepSilentSessions::handle(&fixture.ctx, Tick {}).await.expect("the sweep works");
    fixture.settle().await;
}

/// The pull request with a commit on which a check failed.
fn red(session: &str, commit: &str) -> ObservePullRequest {
    built(session, commit, CheckStatus::Failed)
}

/// Stops in the middle of everything, and starts again: the reaction begins anew, and every doorbell is rung again.
async fn begin_anew(fixture: Fixture, seed: u64) -> Fixture {
    fixture.execute("UPDATE projection_checkpoints SET pos = 0 WHERE projection = 'react-nudges'").await;
    let again = fixture.reopened(seed).await;
    again.execute("UPDATE outbox SET status = 'pending' WHERE status = 'sent'").await;
    // Before any command that waits.
    again.drain().await;
    again.work::<ReactNudges>().await;
    again.settle().await;
    again
}

// REACT-1, REACT-2, CMD-15, LOG-2
#[tokio::test]
async fn a_failed_check_is_one_command_and_one_post_however_often_it_is_met() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        fixture.accept(red(&session, "c1")).await;
        fixture.settle_commands().await;
        let doorbells = fixture.receive::<ReactNudges>().await;
        assert!(!doorbells.is_empty());
        for _ in 0..2 {
            fixture.handle::<ReactNudges>(&doorbells).await;
        }
        // As if the commit with the checkpoint had been lost, and the command not; and again when all is said.
        let again = begin_anew(begin_anew(fixture, 9).await, 10).await;
        let caused = "SELECT actor_type, actor_name, status, idempotency_key = 'react-nudges:' || (
                SELECT max(pos) FROM events WHERE type = 'pr_check_recorded'
            ) FROM commands WHERE name = 'send_nudge'";
        assert_eq!(json!(again.rows(caused).await), json!([["system", "react-nudges", "applied", 1]]));
        let said = "SELECT actor_type, actor_name FROM posts WHERE kind = 'nudge'";
        assert_eq!(json!(again.rows(said).await), json!([["system", "react-nudges"]]));
        let chain = "SELECT opened.causation_id = caused.command_id AND caused.causation_id = seen.event_id
                AND opened.correlation_id = seen.correlation_id
            FROM events AS opened, commands AS caused, events AS seen
            WHERE opened.type = 'forum.thread.opened' AND caused.name = 'send_nudge' AND seen.type = 'pr_check_recorded'";
        assert_eq!(again.number(chain).await, 1);
    })
    .await;
}

// REACT-2
#[tokio::test]
async fn a_check_that_fails_while_another_is_being_told_of_is_told_alone() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        fixture.accept(red(&session, "c1")).await;
        fixture.settle_commands().await;
        fixture.work::<ReactNudges>().await;
        let mut both = red(&session, "c1");
        both.checks.push(check("lint", "c1", CheckStatus::Failed));
        fixture.accept(both).await;
        fixture.drain().await;
        fixture.work::<CmdObservePullRequest>().await;
        fixture.drain().await;
        fixture.work::<ReactNudges>().await;
        // Two commands wait now, and the second was made when nothing was said yet.
        fixture.settle().await;
        for name in ["build", "lint"] {
            let told = format!("SELECT count(*) FROM posts WHERE kind = 'nudge' AND body LIKE '%- {name}%'");
            assert_eq!(fixture.number(&told).await, 1, "{name}");
        }
    })
    .await;
}

/// Keeps an agent from heeding anything: by its own word, or because nobody knows whether it lives.
async fn hold(fixture: &Fixture, session: &str, activity: Option<Activity>) {
    if let Some(activity) = activity {
        return report(fixture, session, activity).await;
    }
    fixture.accept(found(session, ProbeResult::Unknown, ProbeResult::Unknown)).await;
    fixture.settle().await;
}

// REACT-8, SESSION-24
#[tokio::test]
async fn a_nudge_waits_until_its_agent_can_heed_it_and_goes_only_if_it_is_still_true() {
    over_every_store(async |fixture| {
        for (n, activity) in (0..).zip([Some(Activity::WaitingInput), Some(Activity::Blocked), None]) {
            let session = working(&fixture).await;
            let of = |seen| ObservePullRequest { url: format!("{PR}{n}"), ..seen };
            hold(&fixture, &session, activity).await;
            observe(&fixture, of(red(&session, "c1"))).await;
            assert_eq!(nudges(&fixture).await, n, "{activity:?}");
            assert_eq!(fixture.number("SELECT count(*) FROM reactions").await, n * 2, "what is held does not count");
            for _ in 0..2 {
                report(&fixture, &session, Activity::Active).await;
                assert_eq!(nudges(&fixture).await, n + 1, "{activity:?}");
            }
            hold(&fixture, &session, activity).await;
            observe(&fixture, of(red(&session, "c2"))).await;
            observe(&fixture, of(built(&session, "c2", CheckStatus::Passed))).await;
            report(&fixture, &session, Activity::Active).await;
            assert_eq!(nudges(&fixture).await, n + 1, "{activity:?}: no longer true");
        }
        assert_eq!(fixture.number("SELECT count(*) FROM commands WHERE name = 'send_nudge'").await, 3);
    })
    .await;
}

// REACT-8, SESSION-24
#[tokio::test]
async fn an_agent_that_is_blocked_before_the_nudge_is_sent_gets_it_afterwards() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        fixture.accept(red(&session, "c1")).await;
        fixture.settle_commands().await;
        fixture.work::<ReactNudges>().await;
        let command = fixture.texts("SELECT command_id FROM commands WHERE name = 'send_nudge'").await.remove(0);
        let payload = fixture.texts("SELECT payload FROM commands WHERE name = 'send_nudge'").await.remove(0);
        let nudge: SendNudge = serde_json::from_str(&payload).expect("a nudge");
        let before = state::<Nudges>(&fixture, &nudge.thread_id, &command).await;
        let said = cmd_send_nudge::decide(&before, &nudge, &facts(&fixture)).expect("a known session");
        fixture.accept(doing(&session, Activity::Blocked)).await;
        fixture.drain().await;
        fixture.work::<CmdReportActivity>().await;
        // What was decided before does not hold, what is decided now holds it back.
        assert_eq!(commit::<Nudges>(&fixture, &nudge.thread_id, before, &said).await, Guard::DecidedOn);
        fixture.settle().await;
        for table in ["threads", "posts", "reactions"] {
            assert_eq!(fixture.number(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
        }
        assert_eq!(fixture.texts("SELECT status FROM commands WHERE name = 'send_nudge'").await, ["applied"]);
        report(&fixture, &session, Activity::Active).await;
        assert_eq!(nudges(&fixture).await, 1);
    })
    .await;
}

// REACT-3, REACT-9
#[tokio::test]
async fn after_three_commits_in_a_row_a_person_is_told_instead_until_the_check_passes() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        let (nobody, brake): (&[&str], &[&str]) = (&[], &["ci_brake"]);
        for (commit, status, told, people) in [
            ("c1", CheckStatus::Failed, 1, nobody),
            ("c2", CheckStatus::Failed, 2, nobody),
            ("c3", CheckStatus::Failed, 2, brake),
            ("c4", CheckStatus::Failed, 2, brake),
            ("c5", CheckStatus::InProgress, 2, brake),
            ("c5", CheckStatus::Passed, 2, nobody),
            ("c6", CheckStatus::Failed, 3, nobody),
        ] {
            observe(&fixture, built(&session, commit, status)).await;
            assert_eq!(nudges(&fixture).await, told, "{commit}");
            assert_eq!(raised(&fixture).await, people, "{commit}");
        }
        assert_eq!(fixture.number("SELECT count(*) FROM notifications").await, 1);
    })
    .await;
}

// REACT-4, REACT-9
#[tokio::test]
async fn new_review_comments_are_told_three_times_and_then_a_person_until_they_are_resolved() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        let mut comments = vec![ObservedComment { resolved: true, ..comment("0", "done") }];
        let reviewed = async |comments: &[ObservedComment]| {
            let comments = Some(comments.to_vec());
            observe(&fixture, ObservePullRequest { comments, ..seen(&session) }).await;
            (nudges(&fixture).await, raised(&fixture).await.join(" "))
        };
        assert_eq!(reviewed(comments.as_slice()).await, (0, String::new()), "what is resolved is no news");
        for told in 1..=3 {
            comments.push(comment(&told.to_string(), &format!("and {told}")));
            for _ in 0..2 {
                assert_eq!(reviewed(comments.as_slice()).await, (told, String::new()));
            }
        }
        comments.push(comment("4", "and 4"));
        assert_eq!(reviewed(comments.as_slice()).await, (3, "review_limit".to_owned()));
        for comment in &mut comments {
            comment.resolved = true;
        }
        assert_eq!(reviewed(comments.as_slice()).await, (3, String::new()));
        comments.push(comment("5", "and 5"));
        assert_eq!(reviewed(comments.as_slice()).await, (4, String::new()), "it begins anew");
        let first = "SELECT count(*) FROM posts WHERE kind = 'nudge' AND body LIKE '%and 1%'";
        assert_eq!(fixture.number(first).await, 1);
    })
    .await;
}

// REACT-6, PR-9
#[tokio::test]
async fn a_merge_is_told_once_also_when_it_was_read_and_everything_is_reacted_to_anew() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        for state in [PrState::Open, PrState::Merged] {
            observe(&fixture, ObservePullRequest { state: Some(state), ..seen(&session) }).await;
        }
        let told = "SELECT kind, resolved_at IS NOT NULL FROM notifications";
        assert_eq!(json!(fixture.rows(told).await), json!([["pr_merged", 1]]));
        fixture.execute("UPDATE notifications SET read_at = 1, read_by = 'maria'").await;
        let again = begin_anew(fixture, 9).await;
        assert_eq!(json!(again.rows(told).await), json!([["pr_merged", 1]]));
    })
    .await;
}

// SESSION-18, REACT-8
#[tokio::test]
async fn a_kill_leaves_nothing_to_tell_anybody() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        report(&fixture, &session, Activity::Blocked).await;
        observe(&fixture, red(&session, "c1")).await;
        assert_eq!(raised(&fixture).await, ["stuck"]);
        for _ in 0..2 {
            end(&fixture, &session, SessionEnd::Killed).await;
            let row = "SELECT state, termination_reason, is_alive FROM sessions";
            assert_eq!(json!(fixture.rows(row).await), json!([["terminated", "manually_killed", 0]]));
        }
        observe(&fixture, ObservePullRequest { state: Some(PrState::Merged), ..seen(&session) }).await;
        sweep(&fixture).await;
        assert_eq!(fixture.texts("SELECT kind FROM notifications").await, ["stuck"]);
        assert_eq!(raised(&fixture).await, [""; 0]);
        // Created, at work, blocked, killed.
        assert_eq!(fixture.number("SELECT count(*) FROM events WHERE type GLOB 'session_*'").await, 4);
        assert_eq!(fixture.number("SELECT count(*) FROM commands WHERE name = 'send_nudge'").await, 0);
    })
    .await;
}

// REACT-1, SIGNAL-4
#[tokio::test]
async fn a_session_reads_the_control_thread_of_its_agent_in_its_run_or_one_of_its_own() {
    over_every_store(async |fixture| {
        let run_id = run(&fixture).await;
        let alone = working(&fixture).await;
        let start = StartSession { run_id: Some(run_id.clone()), agent_name: Some("ada".into()), ..Default::default() };
        let member = begun(&fixture, start).await;
        report(&fixture, &member, Activity::Active).await;
        observe(&fixture, red(&alone, "c1")).await;
        observe(&fixture, ObservePullRequest { url: format!("{PR}0"), ..red(&member, "c1") }).await;
        // What the agent says is on the same thread.
        prove(&fixture, &run_id).await;
        let threads = "SELECT thread_id, run_id, session_id, agent_name, (
                SELECT count(*) FROM posts WHERE thread_id = threads.thread_id AND kind = 'nudge'
            ) FROM threads ORDER BY run_id";
        let expected = json!([
            [control_thread_id(&tenant(), "", &alone), null, alone, alone, 1],
            [control_thread_id(&tenant(), &run_id, "ada"), run_id, null, "ada", 1]
        ]);
        assert_eq!(json!(fixture.rows(threads).await), expected);
        assert_eq!(json!(fixture.rows("SELECT run_id FROM control_threads").await), json!([[run_id]]));
    })
    .await;
}
