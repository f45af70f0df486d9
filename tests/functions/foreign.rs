//! Functions and the things of a foreign tenant: a doorbell that names another tenant than its row is parked, a command
//! reaches no further than the tenant in which it was accepted, and a statement changes nothing under another tenant.
//! A command that is missing here fails.

mod statements;

use std::collections::BTreeSet;
use std::time::Duration;

use harness::functions::TABLE;
use serde_json::{Value, json};
use shared::function::Trigger;
use shared::function::batch::{Record, Verdict};
use shared::function::routes::ROUTES;
use shared::id::Kind;
use shared::message::command::{
    AddPost, AnswerThread, AssignThread, ChangeRunState, ChangeThreadState, CloseRun, CloseThread, Command,
    ControlSignal, EndSession, EscalateThread, IngestAgentEvents, ObservePullRequest, OpenThread, ReportActivity,
    ReportRuntime, SendNudge, SetThreadPriority, StartRun, StartSession, control_thread_id,
};
use shared::store::commands::NewCommand;
use shared::store::{Commit, Context, Durability, tenants};
use shared::transport::{Delivery, Transport};
use shared::value::Scope;
use tests::fixture::{Fixture, record};
use tests::tenants::Kept;

/// The things of the project `one`.
struct Things {
    run: String,
    session: String,
    /// A question of its own, and the thread on which the session is told something.
    thread: String,
    control: String,
}

fn scope(team: &str, project: &str) -> Scope {
    Scope { team_id: team.to_owned(), project_id: project.to_owned() }
}

/// Whose everything is.
fn one() -> Scope {
    scope("crew", "one")
}

/// Another project of the same team, and one of another team.
fn strangers() -> [Scope; 2] {
    [scope("crew", "two"), scope("rivals", "far")]
}

/// The commands that functions are woken by.
fn commands() -> impl Iterator<Item = (&'static str, &'static str)> {
    ROUTES.iter().filter_map(|(function, trigger)| match trigger {
        Trigger::Command(name) => Some((*function, *name)),
        _ => None,
    })
}

/// Accepts a command in a tenant, whatever it is about; answers with its name and its id.
async fn accept<C: Command>(fixture: &Fixture, scope: &Scope, payload: Value) -> (&'static str, String) {
    let payload: C = serde_json::from_value(payload).expect("a payload of the command");
    let payload = payload.normalise(fixture.ctx.clock.now()).expect("a payload in order");
    let uuid = fixture.ctx.ids.uuid();
    let command_id = Kind::Command.with(uuid);
    let command = NewCommand {
        command_id: command_id.clone(),
        scope: scope.clone(),
        name: C::NAME,
        stream: payload.subject(scope, uuid).stream(),
        payload: serde_json::to_string(&payload).expect("JSON"),
        key_id: None,
        idempotency_key: command_id.clone(),
        request_hash: command_id.clone(),
        request_id: fixture.ctx.ids.next(Kind::Request),
    };
    let context = Context { id_seed: command_id.clone(), ..fixture.context() };
    fixture.ctx.store.try_commit(command.accept(context)).await.expect("the command is accepted");
    (C::NAME, command_id)
}

/// The three projects, and something of everything in the first.
async fn furnished() -> (Fixture, Things) {
    let fixture = Fixture::new().await;
    for scope in [one()].iter().chain(&strangers()) {
        let commit = Commit::new(Durability::Full, fixture.context()).then_all(tenants::ensure(scope));
        fixture.ctx.store.commit(commit).await.expect("the tenant is stored");
    }
    let one = one();
    let run = json!({ "tickets": ["T-1"], "agents": ["ada"] });
    let run = accept::<StartRun>(&fixture, &one, run).await.1.replace("cmd_", "run_");
    fixture.settle().await;
    let session = json!({ "run_id": run, "agent_name": "ada", "external_session_id": "ext-1" });
    accept::<StartSession>(&fixture, &one, session).await;
    let question = json!({ "title": "Which way", "body": "Which way?", "ticket": "T-1" });
    let thread = accept::<OpenThread>(&fixture, &one, question).await.1.replace("cmd_", "thr_");
    fixture.settle().await;
    let control = control_thread_id(&one, &run, "ada");
    let things = Things { run, session: "one-1".to_owned(), thread, control };
    let waiting = json!({ "session_id": things.session, "activity": "waiting_input" });
    accept::<ReportActivity>(&fixture, &one, waiting).await;
    accept::<ObservePullRequest>(&fixture, &one, pull_request(&things.session, "open")).await;
    fixture.settle().await;
    (fixture, things)
}

fn pull_request(session: &str, state: &str) -> Value {
    json!({ "url": "https://github.com/acme/shop/pull/1", "session_id": session, "fetched": true, "state": state })
}

/// One of each command about the things of `one`, accepted in this tenant.
async fn one_of_each(fixture: &Fixture, scope: &Scope, things: &Things) -> Vec<(&'static str, String)> {
    let about = |name: &str, id: &str, mut rest: Value| {
        rest[name] = json!(id);
        rest
    };
    let Things { run, session, thread, control } = things;
    let in_thread = |rest| about("thread_id", thread, rest);
    let in_run = |rest| about("run_id", run, rest);
    let in_session = |rest| about("session_id", session, rest);
    let event = in_session(json!({ "event_type": "note", "occurred_at": "2026-01-31T11:59:00Z", "payload": 1 }));
    let place = json!({ "title": "Mine", "body": "Mine?", "ticket": "T-1", "run_id": run, "session_id": session });
    let completion = in_run(json!({ "schema_version": 1, "type": "completion", "agent_name": "ada" }));
    let signal = in_run(json!({ "agent_name": "ada", "payload": completion }));
    let nudge = json!({ "thread_id": control, "key": "message", "subject": session, "body": "mine" });
    let escalation = json!({ "why": "operator", "at": "2026-01-31T12:00:00Z" });
    vec![
        accept::<SendNudge>(fixture, scope, in_session(nudge)).await,
        accept::<AddPost>(fixture, scope, in_thread(json!({ "body": "mine" }))).await,
        accept::<AssignThread>(fixture, scope, in_thread(json!({ "assignee": "eve" }))).await,
        accept::<SetThreadPriority>(fixture, scope, in_thread(json!({ "priority": "urgent" }))).await,
        accept::<EscalateThread>(fixture, scope, in_thread(escalation)).await,
        accept::<ChangeThreadState>(fixture, scope, in_thread(json!({ "state": "triaged" }))).await,
        accept::<AnswerThread>(fixture, scope, in_thread(json!({ "body": "mine" }))).await,
        accept::<CloseThread>(fixture, scope, in_thread(json!({}))).await,
        accept::<OpenThread>(fixture, scope, place).await,
        accept::<ReportActivity>(fixture, scope, in_session(json!({ "activity": "active" }))).await,
        accept::<ReportRuntime>(fixture, scope, in_session(json!({ "runtime": "alive", "process": "alive" }))).await,
        accept::<IngestAgentEvents>(fixture, scope, json!({ "events": [event] })).await,
        accept::<ObservePullRequest>(fixture, scope, pull_request(session, "closed")).await,
        accept::<EndSession>(fixture, scope, in_session(json!({}))).await,
        accept::<StartSession>(fixture, scope, in_run(json!({ "agent_name": "eve" }))).await,
        accept::<StartRun>(fixture, scope, json!({ "tickets": ["T-1"], "agents": ["ada"] })).await,
        accept::<ControlSignal>(fixture, scope, signal).await,
        accept::<ChangeRunState>(fixture, scope, in_run(json!({ "state": "paused" }))).await,
        accept::<CloseRun>(fixture, scope, in_run(json!({}))).await,
    ]
}

/// All rows of the project `one` and of its team as a whole.
async fn kept(fixture: &Fixture) -> Kept {
    tests::tenants::kept(async |sql| fixture.rows(&sql).await).await
}

fn assert_unchanged(before: &Kept, after: &Kept) {
    for (table, rows) in before {
        assert_eq!(json!(after[table]), json!(rows), "{table}");
    }
}

/// What became of a command: its status, the code it was rejected with, and whether anything was appended.
async fn outcome(fixture: &Fixture, command_id: &str) -> Value {
    let sql = format!(
        "SELECT status, outcome ->> '$.rejection.code', pos IS NOT NULL FROM commands WHERE command_id = '{command_id}'"
    );
    json!(fixture.rows(&sql).await[0])
}

// TRANSPORT-11
#[tokio::test]
async fn a_doorbell_of_each_command_that_names_another_tenant_than_its_row_is_parked_at_once() {
    let (fixture, things) = furnished().await;
    let given = one_of_each(&fixture, &one(), &things).await;
    fixture.drain().await;
    let mut rung = Vec::new();
    for (function, _) in commands() {
        let deliveries = fixture.ctx.transport.receive(function, 1000, Duration::ZERO).await.expect("a queue");
        assert!(!deliveries.is_empty(), "nothing rings for {function}");
        let run = TABLE.iter().find(|entry| entry.name == function).and_then(|entry| entry.run).expect("a function");
        rung.push((function, run, deliveries));
    }
    let before = kept(&fixture).await;
    for stranger in strangers() {
        // Dead letters of one moment would be the same.
        fixture.advance(Duration::from_secs(1));
        let Scope { team_id, project_id } = &stranger;
        let source = format!("/teams/{team_id}/projects/{project_id}");
        for (function, run, deliveries) in &rung {
            let forged = |delivery: &Delivery| {
                let record = record(delivery);
                Record { body: record.body.replace("/teams/crew/projects/one", &source).into(), ..record }
            };
            let forged: Vec<_> = deliveries.iter().map(forged).collect();
            assert!(forged.iter().all(|record| record.body.contains(&source)), "{function}");
            assert_eq!(run(&fixture.ctx, &forged).await, vec![Verdict::Done; forged.len()], "{function}");
            let letters = format!(
                "SELECT count(*) FROM dead_letters WHERE team_id = '{team_id}' AND project_id = '{project_id}'
                    AND source = 'delivery' AND function = '{function}' AND error_class = 'unknown_command'"
            );
            assert_eq!(usize::try_from(fixture.number(&letters).await).expect("a count"), forged.len(), "{function}");
        }
    }
    assert_unchanged(&before, &kept(&fixture).await);
    // What was rung for in the right name is done.
    for (function, run, deliveries) in &rung {
        run(&fixture.ctx, &deliveries.iter().map(record).collect::<Vec<_>>()).await;
        fixture.ctx.transport.ack(function, deliveries).await.expect("the transport answers");
    }
    fixture.settle().await;
    for (name, command_id) in given {
        assert_ne!(outcome(&fixture, &command_id).await[0], "accepted", "{name}");
    }
}

// AUTH-5, CMD-6
#[tokio::test]
async fn a_command_reaches_no_further_than_the_tenant_in_which_it_was_accepted() {
    let (fixture, things) = furnished().await;
    let before = kept(&fixture).await;
    for stranger in strangers() {
        let given = one_of_each(&fixture, &stranger, &things).await;
        let names: BTreeSet<_> = given.iter().map(|(name, _)| *name).collect();
        assert_eq!(names, commands().map(|(_, name)| name).collect::<BTreeSet<_>>(), "one of each");
        fixture.settle().await;
        for (name, command_id) in given {
            let expected = match name {
                // These make something, which is the stranger's.
                OpenThread::NAME | StartRun::NAME => json!(["applied", null, 1]),
                // What is not there is not due.
                EscalateThread::NAME => json!(["applied", null, 0]),
                _ => json!(["rejected", "not_found", 0]),
            };
            assert_eq!(outcome(&fixture, &command_id).await, expected, "{name} of {}", stranger.project_id);
        }
        assert_unchanged(&before, &kept(&fixture).await);
    }
    let given = one_of_each(&fixture, &one(), &things).await;
    fixture.settle().await;
    for (name, command_id) in given {
        let outcome = outcome(&fixture, &command_id).await;
        assert!(outcome[0] == "applied" || outcome[1] != "not_found", "{name}: {outcome}");
    }
    assert_eq!(fixture.number("SELECT count(*) FROM dead_letters").await, 0);
}
