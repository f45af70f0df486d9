//! What becomes of sessions moves their runs, and brings agents into them.

use react_run_gates::ReactRunGates;
use serde_json::{Value, json};
use shared::message::command::{ChangeRunState, CloseRun, EndSession, StartSession};
use shared::store::Guard;
use shared::store::runs::Runs;
use shared::value::{Actor, RunState, SessionEnd};
use tests::fixture::{Fixture, over_every_store};

use crate::gates::{commit, facts, prove, run, state};

/// A session of an agent in a run, started by whoever launches agents.
async fn session(fixture: &Fixture, run: &str, agent: &str) {
    let start =
        StartSession { run_id: Some(run.to_owned()), agent_name: Some(agent.to_owned()), ..StartSession::default() };
    fixture.accept_by(Actor::system("launcher"), start).await;
    fixture.settle().await;
}

async fn end(fixture: &Fixture, session_id: &str, outcome: SessionEnd) {
    fixture.accept(EndSession { session_id: session_id.to_owned(), outcome, reason: None }).await;
    fixture.settle().await;
}

async fn move_to(fixture: &Fixture, run: &str, to: RunState) {
    fixture.accept(ChangeRunState { run_id: run.to_owned(), state: Some(to), ..ChangeRunState::default() }).await;
    fixture.settle().await;
}

async fn standing(fixture: &Fixture) -> String {
    fixture.texts("SELECT state FROM runs").await.remove(0)
}

/// How often the run has failed, and why last.
async fn failures(fixture: &Fixture) -> Value {
    let failed = "SELECT count(*), max(payload ->> 'reason') FROM events
        WHERE type = 'run.state.changed' AND payload ->> 'to' = 'failed'";
    json!(fixture.rows(failed).await[0])
}

// RUN-5, RUN-9. The clock stands still: what came first is told by the log.
#[tokio::test]
async fn a_launch_that_fails_fails_the_run_once_and_the_next_one_again() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        session(&fixture, &run, "ada").await;
        assert_eq!(standing(&fixture).await, "running");
        end(&fixture, "default-1", SessionEnd::LaunchFailed).await;
        assert_eq!(standing(&fixture).await, "failed");
        assert_eq!(failures(&fixture).await, json!([1, "the session of ada failed"]));
        let by = "SELECT actor_name FROM events WHERE payload ->> 'to' = 'failed'";
        assert_eq!(fixture.texts(by).await, ["react-run-gates"]);
        // Somebody goes on with it: the failed session is still the newest, and counts no more.
        move_to(&fixture, &run, RunState::Running).await;
        assert_eq!(standing(&fixture).await, "running");
        session(&fixture, &run, "eve").await;
        assert_eq!(standing(&fixture).await, "running");
        session(&fixture, &run, "ada").await;
        end(&fixture, "default-3", SessionEnd::LaunchFailed).await;
        assert_eq!((standing(&fixture).await.as_str(), failures(&fixture).await[0].clone()), ("failed", json!(2)));
        // The same session opened again, and failed again.
        move_to(&fixture, &run, RunState::Running).await;
        let restore = StartSession { restore_session_id: Some("default-3".to_owned()), ..StartSession::default() };
        fixture.accept(restore).await;
        fixture.settle().await;
        assert_eq!(standing(&fixture).await, "running");
        end(&fixture, "default-3", SessionEnd::LaunchFailed).await;
        assert_eq!((standing(&fixture).await.as_str(), failures(&fixture).await[0].clone()), ("failed", json!(3)));
    })
    .await;
}

// RUN-5, RUN-7
#[tokio::test]
async fn only_the_newest_session_of_an_agent_and_only_a_failure_count() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        // Each ends as something else than failed.
        for (number, outcome) in [SessionEnd::Done, SessionEnd::Killed, SessionEnd::Cleanup].into_iter().enumerate() {
            session(&fixture, &run, "ada").await;
            end(&fixture, &format!("default-{}", number + 1), outcome).await;
            assert_eq!(standing(&fixture).await, "running", "{outcome:?}");
        }
        // One that fails when another has taken its place does no harm.
        session(&fixture, &run, "ada").await;
        session(&fixture, &run, "ada").await;
        end(&fixture, "default-4", SessionEnd::LaunchFailed).await;
        assert_eq!(standing(&fixture).await, "running");
        end(&fixture, "default-5", SessionEnd::LaunchFailed).await;
        assert_eq!(standing(&fixture).await, "failed");
    })
    .await;
}

// RUN-4, RUN-5
#[tokio::test]
async fn a_session_that_fails_while_the_run_is_paused_counts_once_it_is_running() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        session(&fixture, &run, "ada").await;
        move_to(&fixture, &run, RunState::Paused).await;
        end(&fixture, "default-1", SessionEnd::LaunchFailed).await;
        assert_eq!(standing(&fixture).await, "paused");
        move_to(&fixture, &run, RunState::Running).await;
        assert_eq!(standing(&fixture).await, "failed");
        move_to(&fixture, &run, RunState::Running).await;
        assert_eq!(standing(&fixture).await, "running");
    })
    .await;
}

// RUN-6, SIGNAL-17
#[tokio::test]
async fn a_move_that_was_decided_before_an_agent_joined_does_not_hold_after_it() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        prove(&fixture, &run).await;
        assert_eq!(standing(&fixture).await, "completed");
        let before = state::<Runs>(&fixture, &run, "").await;
        let close = CloseRun { run_id: run.clone() };
        let closing = cmd_close_run::decide(&before, &close, &facts(&fixture)).expect("every gate is open");
        session(&fixture, &run, "eve").await;
        assert_eq!(commit::<Runs>(&fixture, &run, before, &closing).await, Guard::DecidedOn);
        assert_eq!(standing(&fixture).await, "completed");
        // From fresh state it holds.
        fixture.accept(close).await;
        fixture.settle().await;
        assert_eq!(standing(&fixture).await, "closed");
    })
    .await;
}

// RUN-2, RUN-5
#[tokio::test]
async fn a_move_that_was_decided_before_a_session_failed_does_not_hold_after_it() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        session(&fixture, &run, "ada").await;
        let before = state::<Runs>(&fixture, &run, "").await;
        let pause = ChangeRunState { run_id: run.clone(), state: Some(RunState::Paused), ..ChangeRunState::default() };
        let pausing = cmd_change_run_state::decide(&before, &pause, &facts(&fixture)).expect("it may be paused");
        // The run itself has not moved yet: nobody has reacted.
        let failed = SessionEnd::LaunchFailed;
        fixture.accept(EndSession { session_id: "default-1".to_owned(), outcome: failed, reason: None }).await;
        fixture.settle_commands().await;
        assert_eq!(standing(&fixture).await, "running");
        assert_eq!(commit::<Runs>(&fixture, &run, before, &pausing).await, Guard::DecidedOn);
        assert!(fixture.work::<ReactRunGates>().await);
        fixture.settle().await;
        assert_eq!(standing(&fixture).await, "failed");
    })
    .await;
}

// RUN-6, RUN-15
#[tokio::test]
async fn agents_that_start_a_session_join_the_run_for_good_and_are_not_heard_of_by_that() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        for agent in ["eve", "bob", "ada", "eve"] {
            session(&fixture, &run, agent).await;
        }
        let agents = async || fixture.texts("SELECT agents FROM view_run_snapshots").await.remove(0);
        assert_eq!(agents().await, r#"["ada","bob","eve"]"#);
        let joined = "SELECT agent_name FROM run_agents ORDER BY agent_name";
        assert_eq!(fixture.texts(joined).await, ["ada", "bob", "eve"]);
        move_to(&fixture, &run, RunState::Paused).await;
        assert_eq!(agents().await, r#"["ada","bob","eve"]"#);
        let moved = "SELECT payload ->> 'agents' FROM events WHERE payload ->> 'to' = 'paused'";
        assert_eq!(fixture.texts(moved).await, [r#"["ada","bob","eve"]"#]);
        let heard = "SELECT agent_name FROM view_run_snapshots_agents";
        // An agent ended a session, which an agent's own hook may do: that is the session's business.
        end(&fixture, "default-1", SessionEnd::Done).await;
        assert_eq!(fixture.rows(heard).await, Vec::<Vec<Value>>::new());
        prove(&fixture, &run).await;
        assert_eq!(fixture.texts(heard).await, ["ada"]);
        // Every event in the run touched it.
        let touched = "SELECT last_event_pos = (SELECT max(pos) FROM events WHERE run_id = view.run_id)
            FROM view_run_snapshots AS view";
        assert_eq!(fixture.number(touched).await, 1);
    })
    .await;
}
