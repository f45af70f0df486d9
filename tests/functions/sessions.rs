//! Sessions as rows: numbered without gaps, told of by the database as they change, refused when they make no sense.

use std::collections::BTreeSet;

use cmd_start_session::CmdStartSession;
use futures::future::join_all;
use serde_json::json;
use shared::domain::session::{Session, SessionEvent};
use shared::function::batch::{self, Verdict};
use shared::id::Kind;
use shared::message::command::{EndSession, ObservePullRequest, ReportActivity, ReportRuntime, StartSession};
use shared::store::sessions::{SessionStart, SessionStarts};
use shared::store::{Aggregate, Commit, CommitError, Durability, Statement, StoreError};
use shared::value::{Activity, Actor, ActorType, CheckStatus, PrState, ProbeResult, SessionEnd};
use tests::fixture::{Fixture, agent, over_every_store, record, tenant};

use crate::observations::{check, comment, seen};

/// Starts a session, and lets everything come to rest; answers with its id.
pub(crate) async fn begun(fixture: &Fixture, start: StartSession) -> String {
    let command = fixture.accept(start).await;
    fixture.settle().await;
    let named = format!("SELECT outcome ->> '$.result.session_id' FROM commands WHERE command_id = '{command}'");
    fixture.texts(&named).await.remove(0)
}

/// A session whose agent works.
pub(crate) async fn working(fixture: &Fixture) -> String {
    let session = begun(fixture, StartSession::default()).await;
    report(fixture, &session, Activity::Active).await;
    session
}

/// What a session's agent does.
pub(crate) fn doing(session: &str, activity: Activity) -> ReportActivity {
    ReportActivity { session_id: session.to_owned(), activity: Some(activity), ..ReportActivity::default() }
}

/// Reports what a session's agent does, and lets everything come to rest.
pub(crate) async fn report(fixture: &Fixture, session: &str, activity: Activity) {
    fixture.accept(doing(session, activity)).await;
    fixture.settle().await;
}

/// What a probe of a session found.
pub(crate) fn found(session: &str, runtime: ProbeResult, process: ProbeResult) -> ReportRuntime {
    let session_id = session.to_owned();
    ReportRuntime { session_id, runtime, process, evidence: None, pass_id: None, launch_id: None }
}

/// Ends a session, and lets everything come to rest.
pub(crate) async fn end(fixture: &Fixture, session: &str, outcome: SessionEnd) {
    fixture.accept(EndSession { session_id: session.to_owned(), outcome, reason: None }).await;
    fixture.settle().await;
}

/// Opens a session again that is over, and lets everything come to rest.
pub(crate) async fn restore(fixture: &Fixture, session: &str) {
    fixture.accept(StartSession { restore_session_id: Some(session.to_owned()), ..StartSession::default() }).await;
    fixture.settle().await;
}

/// Position of the newest event.
pub(crate) async fn head(fixture: &Fixture) -> i64 {
    fixture.number("SELECT coalesce(max(pos), 0) FROM events").await
}

fn ids(count: u32) -> Vec<String> {
    (1..=count).map(|number| format!("default-{number}")).collect()
}

const SESSIONS: &str = "SELECT session_id FROM sessions ORDER BY id";

// SESSION-1, SESSION-7
#[tokio::test]
async fn twenty_starts_accepted_together_give_twenty_ids_without_gap_or_repeat() {
    over_every_store(async |fixture| {
        join_all((0..20).map(|_| fixture.accept(StartSession::default()))).await;
        // What is refused takes no number.
        let (run_id, agent_name) = (Some("run_none".to_owned()), Some("ada".to_owned()));
        fixture.accept(StartSession { run_id, agent_name, ..StartSession::default() }).await;
        fixture.settle().await;
        assert_eq!(fixture.texts(SESSIONS).await, ids(20));
        let created = "SELECT session_id FROM events WHERE type = 'session_created' AND version = 1 ORDER BY pos";
        assert_eq!(fixture.texts(created).await, ids(20));
        // One that is over keeps its number.
        end(&fixture, "default-20", SessionEnd::Done).await;
        assert_eq!(begun(&fixture, StartSession::default()).await, "default-21");
        assert_eq!(fixture.number("SELECT next FROM session_counters").await, 22);
    })
    .await;
}

// SESSION-1, CMD-11
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn starts_that_are_decided_at_once_get_numbers_of_their_own() {
    let fixture = Fixture::new().await;
    for _ in 0..12 {
        fixture.accept(StartSession::default()).await;
    }
    // Under streams of their own, so that nothing but the counter keeps them apart.
    fixture.execute("UPDATE commands SET stream = 'session_starts/' || command_id").await;
    fixture.drain().await;
    let mut workers = tokio::task::JoinSet::new();
    for delivery in fixture.receive::<CmdStartSession>().await {
        let (ctx, record) = (fixture.ctx.clone(), record(&delivery));
        workers.spawn(async move { batch::run::<CmdStartSession>(&ctx, &[record], None).await });
    }
    for verdicts in workers.join_all().await {
        assert_eq!(verdicts, [Verdict::Done]);
    }
    assert_eq!(fixture.texts(SESSIONS).await, ids(12));
}

// SESSION-2, SESSION-7, CMD-7
#[tokio::test]
async fn ten_starts_with_one_external_id_are_one_session_and_one_event() {
    over_every_store(async |fixture| {
        let start = || StartSession { external_session_id: Some("ext".to_owned()), ..StartSession::default() };
        join_all((0..10).map(|_| fixture.accept(start()))).await;
        fixture.drain().await;
        let deliveries = fixture.receive::<CmdStartSession>().await;
        for _ in 0..2 {
            fixture.handle::<CmdStartSession>(&deliveries).await;
        }
        fixture.settle().await;
        assert_eq!(fixture.texts(SESSIONS).await, ids(1));
        assert_eq!(fixture.texts("SELECT type FROM events").await, ["session_created"]);
        let outcomes = "SELECT outcome ->> '$.result.session_id', outcome ->> '$.result.created', status
            FROM commands ORDER BY seq";
        let outcomes = fixture.rows(outcomes).await;
        assert_eq!(json!(outcomes[0]), json!(["default-1", 1, "applied"]));
        assert_eq!(outcomes[1..], vec![vec![json!("default-1"), json!(null), json!("applied")]; 9]);
        assert_eq!(begun(&fixture, StartSession::default()).await, "default-2", "nine took no number");
    })
    .await;
}

// SESSION-5, SESSION-6
#[tokio::test]
async fn the_database_refuses_a_session_that_makes_no_sense() {
    over_every_store(async |fixture| {
        working(&fixture).await;
        let all = async || (head(&fixture).await, fixture.rows("SELECT * FROM sessions").await);
        let before = all().await;
        for set in [
            "termination_reason = 'pr_merged'",
            "state = 'terminated', is_alive = 0",
            "state = 'terminated', is_alive = 0, termination_reason = 'boredom'",
            "state = 'done'",
            "state = 'odd'",
            "activity = 'dreaming'",
            "kind = 'boss'",
            "probe_runtime = 'undead'",
            "detecting_attempts = 1, detecting_since = 1, detecting_evidence = 'x'",
            "state = 'detecting'",
            "state = 'detecting', detecting_since = 1, detecting_attempts = 1",
        ] {
            let refusal = fixture.refusal(&format!("UPDATE sessions SET {set}")).await;
            assert!(refusal.contains("CHECK constraint failed"), "{set}: {refusal}");
        }
        assert!(fixture.refusal("DELETE FROM sessions").await.contains("sessions are never deleted"));
        assert_eq!(all().await, before);
    })
    .await;
}

// SESSION-3, SESSION-7
#[tokio::test]
async fn metadata_alone_appends_nothing_and_what_is_blank_leaves_it() {
    over_every_store(async |fixture| {
        let text = |text: &str| Some(text.to_owned());
        let known = || StartSession { external_session_id: text("ext"), ..StartSession::default() };
        let session = begun(&fixture, known()).await;
        report(&fixture, &session, Activity::Active).await;
        let before = head(&fixture).await;
        fixture.accept(StartSession { branch: text("fix"), prompt: text("Fix it"), ..known() }).await;
        let heard = ReportActivity { activity: None, agent_session_id: text("a-1"), ..doing(&session, Activity::Idle) };
        fixture.accept(ReportActivity { workspace_path: text("/w"), runtime_handle_id: text("%1"), ..heard }).await;
        fixture.accept(StartSession { branch: text("  "), prompt: text(""), ..known() }).await;
        fixture.accept(ReportActivity { branch: text(""), ..doing(&session, Activity::Active) }).await;
        fixture.settle().await;
        assert_eq!(head(&fixture).await, before);
        let row = "SELECT branch, prompt, workspace_path, runtime_handle_id, agent_session_id FROM sessions";
        assert_eq!(json!(fixture.rows(row).await), json!([["fix", "Fix it", "/w", "%1", "a-1"]]));
    })
    .await;
}

/// The newest event of a session says what its row says.
async fn says_what_is_so(fixture: &Fixture, session: &str) {
    let same = format!(
        "SELECT count(*)
        FROM sessions AS s
        JOIN events AS e ON e.session_id = s.session_id AND e.stream = 'session/' || s.session_id
        WHERE s.session_id = '{session}'
            AND e.version = (SELECT max(version) FROM events WHERE stream = e.stream)
            AND json_type(e.payload, '$.is_alive') IN ('true', 'false')
            AND (e.payload ->> 'state', e.payload ->> 'termination_reason', e.payload ->> 'is_alive',
                e.payload ->> 'activity', e.payload ->> 'agent_name', e.agent_name, e.ticket)
                IS (s.state, s.termination_reason, s.is_alive, s.activity, s.agent_name, s.agent_name, s.ticket)"
    );
    assert_eq!(fixture.number(&same).await, 1);
}

// SESSION-7, SESSION-13, SESSION-16, SESSION-17
#[tokio::test]
async fn each_change_of_a_session_is_one_event_that_says_what_its_row_says() {
    use Activity::{Active, Blocked, Exited, Idle, Ready, WaitingInput};
    over_every_store(async |fixture| {
        let (ticket, agent_name) = (Some("T-1".to_owned()), Some("ada".to_owned()));
        let session = begun(&fixture, StartSession { ticket, agent_name, ..StartSession::default() }).await;
        for activity in [Active, Active, Idle, WaitingInput, Blocked, Ready, Exited] {
            report(&fixture, &session, activity).await;
            says_what_is_so(&fixture, &session).await;
        }
        for process in [ProbeResult::Dead, ProbeResult::Alive, ProbeResult::Alive] {
            fixture.accept(found(&session, ProbeResult::Alive, process)).await;
            fixture.settle().await;
            says_what_is_so(&fixture, &session).await;
        }
        for _ in 0..2 {
            end(&fixture, &session, SessionEnd::Killed).await;
            report(&fixture, &session, Active).await;
            says_what_is_so(&fixture, &session).await;
        }
        restore(&fixture, &session).await;
        says_what_is_so(&fixture, &session).await;
        let told = "SELECT version || ' ' || (payload ->> 'state') || ' ' || coalesce(payload ->> 'activity', '-')
            FROM events WHERE type GLOB 'session_*' ORDER BY pos";
        let expected = "1 not_started -, 2 working active, 3 idle idle, 4 needs_input waiting_input, 5 stuck blocked, \
            6 idle ready, 7 idle exited, 8 detecting exited, 9 working exited, 10 terminated exited, 11 not_started -";
        assert_eq!(fixture.texts(told).await.join(", "), expected);
    })
    .await;
}

// LOG-1, LOG-4, LOG-21, PR-9
#[tokio::test]
async fn events_of_one_commit_have_ids_of_their_own_and_all_else_from_their_command() {
    over_every_store(async |fixture| {
        let session = working(&fixture).await;
        let person = Actor { actor_type: ActorType::Human, actor_name: "maria".to_owned() };
        let checks = ["build", "lint"].map(|name| check(name, "c1", CheckStatus::Passed)).to_vec();
        let comments = Some(vec![comment("1", "why"), comment("2", "how")]);
        let merged = ObservePullRequest { state: Some(PrState::Merged), checks, comments, ..seen(&session) };
        let command = fixture.accept_by(person, merged).await;
        fixture.settle().await;
        let types = format!("SELECT type FROM events WHERE causation_id = '{command}' ORDER BY pos");
        let expected =
            ["pr_created", "pr_check_recorded", "pr_check_recorded", "pr_comments_changed", "session_updated"];
        assert_eq!(fixture.texts(&types).await, expected);
        let strange = "SELECT count(*) FROM events AS e WHERE (e.type GLOB 'session_*' OR e.type GLOB 'pr_*')
            AND NOT EXISTS (SELECT 1 FROM commands AS c WHERE c.command_id = e.causation_id
                AND c.actor_type = e.actor_type AND c.actor_name = e.actor_name
                AND c.correlation_id = e.correlation_id AND c.finished_at = e.occurred_at)";
        assert_eq!(fixture.number(strange).await, 0);
        let first =
            format!("SELECT event_id = correlation_id FROM events WHERE causation_id = '{command}' ORDER BY pos");
        assert_eq!(fixture.number(&first).await, 1, "a correlation is the id of the request's first event");
        let names = fixture.texts("SELECT event_id FROM events ORDER BY pos").await;
        assert!(names.iter().all(|id| Kind::Event.parse(id).is_some()), "{names:#?}");
        assert_eq!(names.iter().collect::<BTreeSet<_>>().len(), names.len(), "{names:#?}");
        assert_eq!(fixture.number("SELECT count(*) = max(pos) FROM events").await, 1);
    })
    .await;
}

// LOG-1, LOG-4
#[tokio::test]
async fn a_write_that_fails_at_its_end_leaves_no_row_no_event_and_no_gap() {
    over_every_store(async |fixture| {
        let (scope, actor, now, ids) = (tenant(), agent(), fixture.ctx.clock.now(), &fixture.ctx.ids);
        let author = tests::fixture::author(&scope, &actor, now, ids);
        let session = Session::begin("default-1".to_owned(), &StartSession::default(), &actor, now);
        let state = SessionStart { project_id: "default".to_owned(), next: 1, ..SessionStart::default() };
        let started = [SessionEvent::Started(Box::new(session))];
        let begin = SessionStarts::change(&author, "default", state, &started);
        let broken = "UPDATE sessions SET state = 'odd' WHERE team_id = 'local' AND project_id = 'default'";
        let commit = Commit::new(Durability::Full, fixture.context())
            .then_all(begin.statements)
            .then(Statement::new(broken, Vec::new()));
        // Beside others, whose commits may be of the same group.
        let (before, failed, after) = tokio::join!(
            fixture.append("thread/a", 1),
            fixture.ctx.store.commit(commit),
            fixture.append("thread/b", 1)
        );
        assert!(before.is_ok() && after.is_ok());
        assert!(matches!(failed, Err(CommitError::Store(StoreError::Statement { .. }))), "{failed:?}");
        let left = "SELECT (SELECT count(*) FROM sessions) + (SELECT count(*) FROM session_counters)";
        assert_eq!(fixture.number(left).await, 0);
        assert_eq!(fixture.texts("SELECT payload FROM outbox ORDER BY id").await, ["{\"pos\":1}", "{\"pos\":2}"]);
        assert_eq!(begun(&fixture, StartSession::default()).await, "default-1");
        let log = fixture.rows("SELECT pos, type FROM events ORDER BY pos").await;
        assert_eq!(json!(log), json!([[1, "forum.tested"], [2, "forum.tested"], [3, "session_created"]]));
    })
    .await;
}
