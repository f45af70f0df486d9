//! What passing time does to questions: once, typed, and with a trace.

use std::time::Duration;

use serde_json::{Value, json};
use shared::function::Function;
use shared::message::command::{AddPost, AnswerThread, ChangeThreadState, ControlSignal, OpenThread, StartRun};
use shared::message::envelope::Tick;
use shared::value::{Actor, ActorType, OnTimeout, Priority, ThreadState};
use sweep_escalations::SweepEscalations;
use tests::fixture::{Fixture, over_every_store, question};

const MINUTE: Duration = Duration::from_secs(60);

fn person() -> Actor {
    Actor { actor_type: ActorType::Human, actor_name: "maria".to_owned() }
}

/// One look at the clock, and what comes of it.
async fn sweep(fixture: &Fixture) {
    SweepEscalations::handle(&fixture.ctx, Tick {}).await.expect("the sweep works");
    fixture.settle().await;
}

async fn run(fixture: &Fixture) -> String {
    let run = StartRun { tickets: vec!["T-1".into()], agents: vec!["ada".into()], ..StartRun::default() };
    let id = fixture.accept(run).await.replace("cmd_", "run_");
    fixture.settle().await;
    id
}

async fn signal(fixture: &Fixture, by: Actor, run: &str, payload: Value) {
    let mut payload = payload;
    payload["schema_version"] = json!(1);
    payload["run_id"] = json!(run);
    payload["agent_name"] = json!("ada");
    let signal = json!({ "run_id": run, "agent_name": "ada", "payload": payload });
    fixture.accept_by(by, serde_json::from_value::<ControlSignal>(signal).expect("a signal")).await;
    fixture.settle().await;
}

/// A guidance request whose deadline comes in a minute.
async fn ask(fixture: &Fixture, run: &str, on_timeout: &str) {
    let deadline = fixture.ctx.clock.now().plus(MINUTE);
    let request = json!({ "type": "guidance_request", "question": "Which?", "options": ["a", "b"], "default": "b",
        "deadline": deadline, "on_timeout": on_timeout });
    signal(fixture, tests::fixture::agent(), run, request).await;
}

async fn standing(fixture: &Fixture) -> Value {
    let rows = "SELECT c.status, t.state, t.answer ->> 'answer', t.answer ->> 'option', t.answer ->> 'auto', r.state,
            (SELECT guidance_status FROM view_thread_views WHERE kind = 'control')
        FROM control_threads AS c JOIN threads AS t USING (thread_id) JOIN runs AS r ON r.run_id = c.run_id";
    json!(fixture.rows(rows).await)
}

async fn audit(fixture: &Fixture) -> Value {
    let rows = "SELECT a.action, a.actor_name, a.reason ->> 'default', a.reason ->> 'request_id' = c.request_id,
            a.reason ->> 'deadline' IS NOT NULL
        FROM audit AS a, control_threads AS c WHERE a.action GLOB 'guidance.*' ORDER BY a.id";
    json!(fixture.rows(rows).await)
}

// SIGNAL-11, SIGNAL-12, SIGNAL-13, SIGNAL-14, RUN-2
#[tokio::test]
async fn a_default_is_answered_once_by_the_system_and_a_person_may_still_answer() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        ask(&fixture, &run, "default").await;
        sweep(&fixture).await;
        assert_eq!(
            standing(&fixture).await,
            json!([["pending", "waiting_human", null, null, null, "awaiting_guidance", "pending"]])
        );
        fixture.advance(MINUTE);
        sweep(&fixture).await;
        sweep(&fixture).await;
        assert_eq!(
            standing(&fixture).await,
            json!([["auto_answered", "answered", "b", "b", 1, "running", "auto_answered"]])
        );
        assert_eq!(audit(&fixture).await, json!([["guidance.auto_answered", "sweep-escalations", "b", 1, 1]]));
        let said = fixture
            .rows("SELECT payload ->> 'auto', actor_type FROM events WHERE payload ->> 'kind' = 'guidance_answer'")
            .await;
        assert_eq!(json!(said), json!([[1, "system"]]));
        signal(&fixture, person(), &run, json!({ "type": "guidance_answer", "answer": "a after all", "option": "a" }))
            .await;
        assert_eq!(
            standing(&fixture).await,
            json!([["answered", "answered", "a after all", "a", 0, "running", "answered"]])
        );
    })
    .await;
}

// SIGNAL-11, SIGNAL-12, SIGNAL-14, RUN-2
#[tokio::test]
async fn a_parked_question_has_no_answer_and_keeps_its_run_waiting_until_somebody_answers() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        ask(&fixture, &run, "park").await;
        fixture.advance(MINUTE);
        sweep(&fixture).await;
        sweep(&fixture).await;
        assert_eq!(
            standing(&fixture).await,
            json!([["no_answer", "waiting_human", null, null, null, "awaiting_guidance", "no_answer"]])
        );
        assert_eq!(audit(&fixture).await, json!([["guidance.parked", "sweep-escalations", "b", 1, 1]]));
        assert_eq!(fixture.texts("SELECT status FROM guidance_requests").await, ["no_answer"]);
        signal(&fixture, person(), &run, json!({ "type": "guidance_answer", "answer": "late" })).await;
        assert_eq!(standing(&fixture).await, json!([["answered", "answered", "late", null, 0, "running", "answered"]]));
        assert_eq!(
            fixture.number("SELECT count(*) FROM events WHERE type = 'forum.sla.escalation_requested'").await,
            1
        );
    })
    .await;
}

// SIGNAL-11
#[tokio::test]
async fn waiting_only_asks_for_attention_and_an_answer_in_time_leaves_nothing_to_do() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        ask(&fixture, &run, "wait").await;
        fixture.advance(MINUTE);
        sweep(&fixture).await;
        sweep(&fixture).await;
        assert_eq!(standing(&fixture).await[0][0], "pending");
        let asked = fixture.rows("SELECT payload ->> 'why', payload ->> 'waiting_seconds' FROM events WHERE type = 'forum.sla.escalation_requested'").await;
        assert_eq!(json!(asked), json!([["deadline", 60]]));
        signal(&fixture, person(), &run, json!({ "type": "guidance_answer", "answer": "now" })).await;
        ask(&fixture, &run, "default").await;
        signal(&fixture, person(), &run, json!({ "type": "guidance_answer", "answer": "in time" })).await;
        let head = fixture.number("SELECT max(pos) FROM events").await;
        fixture.advance(MINUTE * 10);
        sweep(&fixture).await;
        assert_eq!(fixture.number("SELECT max(pos) FROM events").await, head);
        assert_eq!(audit(&fixture).await, json!([]));
    })
    .await;
}

// SIGNAL-11: an answer that is committed between the sweep and its command wins
#[tokio::test]
async fn an_answer_given_before_the_deadline_is_handled_stands() {
    over_every_store(async |fixture| {
        let run = run(&fixture).await;
        ask(&fixture, &run, "default").await;
        fixture.advance(MINUTE);
        let answer = json!({ "run_id": run, "agent_name": "ada", "payload": { "type": "guidance_answer",
            "schema_version": 1, "run_id": run, "agent_name": "ada", "answer": "mine" } });
        fixture.accept_by(person(), serde_json::from_value::<ControlSignal>(answer).expect("a signal")).await;
        // The sweep still sees the question open; its command comes behind the answer.
        sweep(&fixture).await;
        assert_eq!(fixture.number("SELECT count(*) FROM commands WHERE name = 'escalate_thread'").await, 1);
        assert_eq!(standing(&fixture).await[0][2], "mine");
        assert_eq!(fixture.number("SELECT count(*) FROM commands WHERE status <> 'applied'").await, 0);
        assert_eq!(fixture.number("SELECT count(*) FROM guidance_requests WHERE status = 'answered'").await, 1);
    })
    .await;
}

// SIGNAL-10, SIGNAL-11, FORUM-7
#[tokio::test]
async fn a_question_thread_takes_its_default_as_an_answer() {
    over_every_store(async |fixture| {
        let deadline = Some(fixture.ctx.clock.now().plus(MINUTE));
        let ask = OpenThread { default: Some("left".into()), deadline, on_timeout: OnTimeout::Default, ..question("Which way") };
        let parked = OpenThread { deadline, on_timeout: OnTimeout::Park, ..question("Or not at all") };
        fixture.accept(ask).await;
        fixture.accept(parked).await;
        fixture.settle().await;
        fixture.advance(MINUTE);
        sweep(&fixture).await;
        sweep(&fixture).await;
        let views = "SELECT title, state, guidance_status, answer ->> 'answer', answer ->> 'auto' FROM view_thread_views ORDER BY title";
        let expected = json!([["Or not at all", "new", "no_answer", null, null], ["Which way", "answered", "auto_answered", "left", 1]]);
        assert_eq!(json!(fixture.rows(views).await), expected);
        let events = "SELECT type FROM events WHERE actor_type = 'system' AND stream GLOB 'thread/*' ORDER BY pos";
        let mut events = fixture.texts(events).await;
        events.sort();
        assert_eq!(events, ["forum.post.added", "forum.sla.escalation_requested", "forum.state.changed"]);
        assert_eq!(fixture.texts("SELECT action FROM audit ORDER BY action").await, ["guidance.auto_answered", "guidance.parked"]);
    })
    .await;
}

// REACT-11, RUN-16
#[tokio::test]
async fn a_thread_asks_for_attention_once_until_it_leaves() {
    over_every_store(async |fixture| {
        let why = async || {
            fixture
                .texts(
                    "SELECT payload ->> 'why' FROM events WHERE type = 'forum.sla.escalation_requested' ORDER BY pos",
                )
                .await
        };
        let urgent = OpenThread { priority: Priority::Urgent, ..question("Fire") };
        let urgent = fixture.accept(urgent).await.replace("cmd_", "thr_");
        let calm = fixture.open("Whenever").await;
        fixture.settle().await;
        sweep(&fixture).await;
        sweep(&fixture).await;
        assert_eq!(why().await, ["priority"]);
        fixture.advance(MINUTE * 29);
        sweep(&fixture).await;
        assert_eq!(why().await.len(), 1);
        // A touch starts the half hour over; what only asks for attention is no touch.
        fixture.accept(AddPost { thread_id: calm.clone(), body: "more".into() }).await;
        fixture.settle().await;
        fixture.advance(MINUTE * 29);
        sweep(&fixture).await;
        assert_eq!(why().await.len(), 1);
        fixture.advance(MINUTE);
        sweep(&fixture).await;
        sweep(&fixture).await;
        assert_eq!(why().await, ["priority", "age"]);
        // It leaves, and comes back.
        let answer = AnswerThread { thread_id: urgent.clone(), body: "water".into(), ..AnswerThread::default() };
        fixture.accept(answer).await;
        fixture.settle().await;
        sweep(&fixture).await;
        assert_eq!(why().await.len(), 2);
        fixture.advance(MINUTE);
        fixture.accept(ChangeThreadState { thread_id: urgent, state: ThreadState::WaitingHuman }).await;
        fixture.settle().await;
        sweep(&fixture).await;
        assert_eq!(why().await, ["priority", "age", "priority"]);
    })
    .await;
}
