//! A commit that cannot be applied names the guard that did not hold, whatever the database calls it.

use shared::message::command::AddPost;
use shared::store::commands::{AppliedTo, NewCommand, Outcome, find};
use shared::store::projections::{advance, live};
use shared::store::views::thread_views::PROJECTION;
use shared::store::{Commit, CommitError, Durability, Guard, Statement, StoreError, keys};
use tests::fixture::{Fixture, agent, over_every_store, tenant};

fn command(command_id: &str, idempotency_key: &str) -> NewCommand {
    NewCommand {
        command_id: command_id.to_owned(),
        scope: tenant(),
        name: <AddPost as shared::message::command::Command>::NAME,
        stream: "thread/a".to_owned(),
        payload: "{}".to_owned(),
        key_id: None,
        idempotency_key: idempotency_key.to_owned(),
        request_hash: "hash".to_owned(),
        request_id: "req".to_owned(),
    }
}

fn guard_of<T: std::fmt::Debug>(outcome: Result<T, CommitError>) -> Guard {
    match outcome {
        Err(CommitError::Guard(guard)) => guard,
        other => panic!("expected a guard, got {other:?}"),
    }
}

// CMD-5
#[tokio::test]
async fn a_taken_idempotency_key_is_named() {
    over_every_store(async |fixture| {
        let store = &fixture.ctx.store;
        store.commit(command("cmd_1", "k").accept(fixture.context())).await.expect("the first");
        let second = store.commit(command("cmd_2", "k").accept(fixture.context())).await;
        assert_eq!(guard_of(second), Guard::IdempotencyKey);
        assert_eq!(fixture.number("SELECT count(*) FROM commands").await, 1);
        assert_eq!(fixture.number("SELECT count(*) FROM outbox").await, 1);
    })
    .await;
}

// CMD-11
#[tokio::test]
async fn a_stream_that_moved_is_named() {
    over_every_store(async |fixture| {
        fixture.append("thread/a", 1).await.expect("the first");
        assert_eq!(guard_of(fixture.append("thread/a", 1).await), Guard::StreamVersion);
    })
    .await;
}

// CMD-7
#[tokio::test]
async fn a_command_that_is_finished_is_named() {
    over_every_store(async |fixture| {
        let store = &fixture.ctx.store;
        store.commit(command("cmd_1", "k").accept(fixture.context())).await.expect("accepted");
        let row = store.read(|reader| find(reader, "local", Some("default"), "cmd_1")).await;
        let row = row.expect("a read").expect("the command");
        let outcome = Outcome::Result(AppliedTo::Thread { thread_id: "thr_a".to_owned() });
        let finish = || Commit::new(Durability::Full, fixture.context()).then_all(row.finish(&outcome, false));
        store.commit(finish()).await.expect("finished");
        // The event before the guard is taken back with it.
        let late = finish();
        let twice = Commit::new(Durability::Full, fixture.context())
            .then(fixture.event("thread/a", 1).append())
            .then_all(late.statements.into_iter().skip(1));
        assert_eq!(guard_of(store.commit(twice).await), Guard::CommandOpen);
        assert_eq!(fixture.number("SELECT count(*) FROM events").await, 0);
        assert_eq!(fixture.texts("SELECT status FROM commands").await, ["applied"]);
    })
    .await;
}

// PROJ-2
#[tokio::test]
async fn a_checkpoint_that_moved_is_named() {
    over_every_store(async |fixture| {
        let store = &fixture.ctx.store;
        fixture.append("thread/a", 1).await.expect("an event");
        let checkpoint = store.read(|reader| live(reader, PROJECTION.name)).await.expect("a checkpoint");
        assert_eq!(checkpoint.pos, 0);
        let moved = || advance(fixture.context(), &checkpoint, Vec::new(), 1);
        store.commit(moved()).await.expect("the checkpoint moves");
        assert_eq!(guard_of(store.commit(moved()).await), Guard::Checkpoint);
        assert_eq!(
            fixture
                .number("SELECT pos FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'live'")
                .await,
            1
        );
    })
    .await;
}

#[tokio::test]
async fn a_row_that_is_not_there_is_named() {
    over_every_store(async |fixture| {
        let commit = Commit::new(Durability::Full, fixture.context()).then_all(keys::revoke("local", None, "key_none"));
        assert_eq!(guard_of(fixture.ctx.store.commit(commit).await), Guard::RowUnchanged);
    })
    .await;
}

#[tokio::test]
async fn a_mistake_without_a_guard_names_the_statement_by_its_index() {
    over_every_store(async |fixture| {
        let mistake = Statement::new("INSERT INTO teams (team_id) VALUES (NULL)", Vec::new());
        let commit = fixture.appending("thread/a", 1).then(mistake);
        let outcome = fixture.ctx.store.commit(commit).await;
        assert!(
            matches!(outcome, Err(CommitError::Store(StoreError::Statement { index: 2, .. }))),
            "context 0, event 1, mistake 2: {outcome:?}"
        );
        assert_eq!(fixture.number("SELECT count(*) FROM events").await, 0);
        assert!(!fixture.ctx.store.is_failing(), "an author's mistake is not the database's");
    })
    .await;
}

// LOG-21
#[tokio::test]
async fn an_event_carries_the_actor_correlation_and_trace_of_its_commit() {
    over_every_store(async |fixture| {
        let mut context = fixture.context();
        context.correlation_id = "ev_first".to_owned();
        context.causation_id = Some("cmd_cause".to_owned());
        context.traceparent = Some("00-aa-bb-01".to_owned());
        let commit = Commit::new(Durability::Full, context).then(fixture.event("thread/a", 1).append());
        fixture.ctx.store.commit(commit).await.expect("an event");
        // The next commit's context does not inherit anything.
        fixture.append("thread/a", 2).await.expect("an event");
        let rows = fixture
            .rows("SELECT actor_type, actor_name, causation_id, traceparent, correlation_id = 'ev_first' FROM events ORDER BY pos")
            .await;
        let expected = serde_json::json!([
            ["agent", agent().actor_name, "cmd_cause", "00-aa-bb-01", 1],
            ["agent", agent().actor_name, null, null, 0]
        ]);
        assert_eq!(serde_json::json!(rows), expected);
    })
    .await;
}

// LOG-1: readers learn of a commit only after it
#[tokio::test]
async fn the_head_and_the_outbox_bell_move_with_each_commit_that_is_full() {
    let fixture = Fixture::new().await;
    let (mut head, mut bell) = (fixture.ctx.store.head(), fixture.ctx.store.outbox_bell());
    head.mark_unchanged();
    bell.mark_unchanged();
    fixture.append("thread/a", 1).await.expect("an event");
    assert_eq!((head.has_changed().ok(), *head.borrow_and_update()), (Some(true), 1));
    assert_eq!(bell.has_changed().ok(), Some(true));
    assert!(fixture.append("thread/a", 1).await.is_err());
    assert_eq!(head.has_changed().ok(), Some(false));
}
