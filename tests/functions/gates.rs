//! What a decision about a run or a signal looked at must still hold when it is committed.

use std::time::Duration;

use cmd_close_run::CmdCloseRun;
use cmd_send_signal::CmdSendSignal;
use react_run_gates::ReactRunGates;
use serde_json::json;
use shared::domain::session::ProbeLimits;
use shared::domain::thread::Facts;
use shared::message::command::{
    CloseRun, Completion, ControlPayload, ControlSignal, StartRun, Validation, control_thread_id,
};
use shared::store::runs::Runs;
use shared::store::threads::Signals;
use shared::store::{Aggregate, Commit, CommitError, Durability, Guard};
use shared::value::{Actor, ValidationStatus};
use tests::fixture::{Fixture, agent, over_every_store, tenant};

/// A run of one agent.
pub(crate) async fn run(fixture: &Fixture) -> String {
    let run = StartRun { tickets: vec!["T-1".into()], agents: vec!["ada".into()], ..StartRun::default() };
    let id = fixture.accept(run).await.replace("cmd_", "run_");
    fixture.settle().await;
    id
}

fn completion(run_id: &str) -> ControlSignal {
    let (run_id, agent_name) = (run_id.to_owned(), "ada".to_owned());
    let payload = Completion {
        schema_version: 1,
        run_id: run_id.clone(),
        agent_name: agent_name.clone(),
        summary: None,
        evidence: Vec::new(),
    };
    ControlSignal { run_id, agent_name, ticket: None, payload: ControlPayload::Completion(payload) }
}

/// Completion and a passed validation of the run's agent.
pub(crate) async fn prove(fixture: &Fixture, run_id: &str) {
    let completion = completion(run_id);
    let validation = Validation {
        schema_version: 1,
        run_id: run_id.to_owned(),
        agent_name: "ada".to_owned(),
        status: ValidationStatus::Passed,
        done_criteria: "tests".to_owned(),
        evidence: Vec::new(),
    };
    fixture.accept(completion.clone()).await;
    fixture.accept(ControlSignal { payload: ControlPayload::Validation(validation), ..completion }).await;
    fixture.settle().await;
}

/// What a decision about `id` is decided on.
pub(crate) async fn state<A: Aggregate>(fixture: &Fixture, id: &str, command: &str) -> A::State {
    let reads = A::reads(&tenant(), id, command);
    let read = move |reader: &mut shared::store::Reader<'_>| {
        reads.into_iter().map(|read| reader.rows(read.sql, read.params)).collect()
    };
    A::state(fixture.ctx.store.read(read).await.expect("rows")).expect("a state")
}

pub(crate) fn facts(fixture: &Fixture) -> Facts {
    Facts {
        actor: agent(),
        now: fixture.ctx.clock.now(),
        post_id: "pst_1".to_owned(),
        opening_post_id: "pst_0".to_owned(),
        command_id: "cmd_1".to_owned(),
        probe: ProbeLimits { recent: Duration::from_secs(60), reports: 3, after: Duration::from_secs(300) },
    }
}

/// Commits what was decided on a state that was read before; the guard that refuses it.
pub(crate) async fn commit<A: Aggregate>(fixture: &Fixture, id: &str, state: A::State, events: &[A::Event]) -> Guard {
    let (scope, actor): (_, Actor) = (tenant(), agent());
    let ids = &fixture.ctx.ids;
    let now = fixture.ctx.clock.now();
    let author = tests::fixture::author(&scope, &actor, now, ids);
    let change = A::change(&author, id, state, events);
    let commit = Commit::new(Durability::Full, fixture.context()).then_all(change.statements);
    match fixture.ctx.store.commit(commit).await {
        Err(CommitError::Guard(guard)) => guard,
        other => panic!("{other:?}"),
    }
}

// SIGNAL-17, RUN-13
#[tokio::test]
async fn a_close_that_was_decided_before_a_signal_does_not_hold_after_it() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        prove(&fixture, &run).await;
        let before = state::<Runs>(&fixture, &run, "").await;
        let close = CloseRun { run_id: run.clone() };
        let closing = cmd_close_run::decide(&before, &close, &facts(&fixture)).expect("every gate is open");
        assert_eq!(closing.len(), 2);
        prove(&fixture, &run).await;
        assert_eq!(commit::<Runs>(&fixture, &run, before, &closing).await, Guard::DecidedOn);
        assert_eq!(fixture.texts("SELECT state FROM runs").await, ["completed"]);
        // From fresh state it holds, threads and all.
        fixture.accept(close).await;
        fixture.settle().await;
        assert_eq!(fixture.texts("SELECT state FROM runs").await, ["closed"]);
        assert_eq!(fixture.texts("SELECT state FROM threads WHERE kind = 'control'").await, ["closed"]);
    })
    .await;
}

// SIGNAL-16, SIGNAL-17
#[tokio::test]
async fn a_first_signal_that_was_decided_before_the_close_does_not_hold_after_it() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        let mut signal = completion(&run);
        signal.agent_name = "eve".to_owned();
        let thread = control_thread_id(&tenant(), &run, "eve");
        // Accepted, read and decided on while the run is open.
        let command = fixture.accept(signal.clone()).await;
        let before = state::<Signals>(&fixture, &thread, &command).await;
        let said = cmd_send_signal::decide(&before, &signal, &facts(&fixture)).expect("the run is open");
        fixture.execute("UPDATE runs SET state = 'closed'").await;
        assert_eq!(commit::<Signals>(&fixture, &thread, before, &said).await, Guard::DecidedOn);
        fixture.settle().await;
        let outcome =
            fixture.rows("SELECT status, outcome ->> '$.rejection.code' FROM commands WHERE name = 'control_signal'");
        assert_eq!(json!(outcome.await), json!([["rejected", "run_closed"]]));
        assert_eq!(fixture.number("SELECT count(*) FROM threads").await, 0);
    })
    .await;
}

// CMD-15, RUN-2
#[tokio::test]
async fn what_an_event_causes_is_one_command_however_often_it_is_met() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        fixture.accept(completion(&run)).await;
        fixture.settle().await;
        let mut asking = completion(&run);
        let ControlPayload::Completion(of) = asking.payload else { unreachable!("a completion") };
        let request = json!({ "type": "guidance_request", "schema_version": 1, "run_id": of.run_id,
            "agent_name": "ada", "question": "Which?" });
        asking.payload = serde_json::from_value(request).expect("a request");
        fixture.accept(asking).await;
        fixture.drain().await;
        fixture.work::<CmdSendSignal>().await;
        fixture.drain().await;
        let doorbells = fixture.receive::<ReactRunGates>().await;
        assert!(!doorbells.is_empty());
        fixture.handle::<ReactRunGates>(&doorbells).await;
        // As if the commit with the checkpoint had been lost, and the command not.
        fixture.execute("UPDATE projection_checkpoints SET pos = 0 WHERE projection = 'react-run-gates'").await;
        let again = Fixture::reopened(fixture, 9).await;
        again.execute("UPDATE outbox SET status = 'pending' WHERE status = 'sent'").await;
        again.settle().await;
        let caused = "SELECT idempotency_key = 'react-run-gates:' || (SELECT max(pos) FROM events WHERE type = 'forum.control.signal'),
                actor_type, actor_name, status FROM commands WHERE name = 'change_run_state'";
        assert_eq!(json!(again.rows(caused).await), json!([[1, "system", "react-run-gates", "applied"]]));
        assert_eq!(again.texts("SELECT state FROM runs").await, ["awaiting_guidance"]);
        let chain = "SELECT moved.causation_id = caused.command_id AND caused.causation_id = signal.event_id
                AND moved.correlation_id = signal.correlation_id
            FROM events AS moved, commands AS caused, events AS signal
            WHERE moved.type = 'run.state.changed' AND moved.payload ->> 'to' = 'awaiting_guidance'
                AND caused.name = 'change_run_state' AND signal.pos = (SELECT max(pos) FROM events WHERE type = 'forum.control.signal')";
        assert_eq!(again.number(chain).await, 1);
    })
    .await;
}

// CMD-7
#[tokio::test]
async fn a_close_delivered_twice_closes_once() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        prove(&fixture, &run).await;
        fixture.accept(CloseRun { run_id: run }).await;
        fixture.drain().await;
        let deliveries = fixture.receive::<CmdCloseRun>().await;
        fixture.handle::<CmdCloseRun>(&deliveries).await;
        fixture.handle::<CmdCloseRun>(&deliveries).await;
        fixture.settle().await;
        let moves = fixture.number("SELECT count(*) FROM events WHERE type = 'run.state.changed'").await;
        // created, planning, running, completed, closing, closed
        assert_eq!(moves, 6);
    })
    .await;
}
