//! A read model is built again beside the live one: in slices, with nothing emitted, and switched once it is equal.

use project_thread_views::ProjectThreadViews;
use serde_json::{Value, json};
use shared::function::{Function, batch, replay};
use shared::store::reconcile::Reach;
use shared::store::{Commit, Durability, Statement, replays};
use sweep_expired_leases::pass;
use tests::fixture::{Fixture, over_every_store};

const PROJECTION: &str = "thread-views";
const GENERATIONS: &str =
    "SELECT generation, state, stopped FROM projection_checkpoints WHERE projection = 'thread-views'
    ORDER BY generation";
const VIEW: &str = "SELECT thread_id, title, state, posts_count, last_event_pos, last_post_by, updated_at, closed_at,
    answer FROM view_thread_views WHERE generation = (SELECT generation FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'live')
    ORDER BY thread_id";

async fn write(fixture: &Fixture, statements: Vec<Statement>) {
    let commit = Commit::new(Durability::Full, fixture.context()).then_all(statements);
    fixture.ctx.store.commit(commit).await.expect("the replay's row is written");
}

async fn start(fixture: &Fixture, verify: bool) {
    let mut begin = vec![replays::discard_failed(PROJECTION)];
    begin.extend(replays::start(PROJECTION, verify));
    write(fixture, begin).await;
    replay::ring(&fixture.ctx, PROJECTION).await.expect("the ring is taken");
}

/// Some threads that were opened, posted to, answered and closed.
async fn history(fixture: &Fixture) {
    for n in 0..6 {
        let thread = fixture.open(&format!("Thread {n}")).await;
        fixture.post(&thread, "more").await;
        if n % 2 == 0 {
            fixture.answer(&thread, "this way").await;
        }
        if n % 3 == 0 {
            fixture.close(&thread).await;
        }
    }
    fixture.settle().await;
}

async fn generations(fixture: &Fixture) -> Value {
    json!(fixture.rows(GENERATIONS).await)
}

// PROJ-4, PROJ-5, PROJ-6
#[tokio::test]
async fn a_replay_builds_the_same_rows_beside_the_live_ones_and_emits_nothing() {
    over_every_store(async |fixture| {
        history(&fixture).await;
        let before = fixture.rows(VIEW).await;
        let head = fixture.number("SELECT max(pos) FROM events").await;
        let outbox = fixture.rows("SELECT id, status, attempts FROM outbox ORDER BY id").await;
        fixture.execute("DELETE FROM view_thread_views WHERE title = 'Thread 3'").await;
        start(&fixture, false).await;
        assert_eq!(generations(&fixture).await, json!([[1, "live", 0], [2, "building", 0]]));
        while fixture.work::<ProjectThreadViews>().await {}
        assert_eq!(generations(&fixture).await, json!([[2, "live", 0]]), "switched, and the old one is gone");
        assert_eq!(fixture.rows(VIEW).await, before);
        assert_eq!(fixture.number("SELECT count(*) FROM view_thread_views WHERE generation <> 2").await, 0);
        assert_eq!(fixture.number("SELECT max(pos) FROM events").await, head, "no event");
        assert_eq!(fixture.rows("SELECT id, status, attempts FROM outbox ORDER BY id").await, outbox, "no outbox row");
        // What comes afterwards goes to the new generation.
        fixture.open("Later").await;
        fixture.settle().await;
        assert_eq!(fixture.rows(VIEW).await.len(), before.len() + 1);
    })
    .await;
}

// PROJ-5
#[tokio::test]
async fn a_replay_goes_in_slices_and_commands_go_on_meanwhile() {
    let fixture = Fixture::over(shared::store::Run::Threads, &[("log.page", "3"), ("replay.slice", "1ms")]).await;
    history(&fixture).await;
    start(&fixture, false).await;
    let mut steps = 0;
    while fixture.rows(GENERATIONS).await.len() > 1 || steps == 0 {
        fixture.open(&format!("During step {steps}")).await;
        fixture.settle_commands().await;
        let deliveries = fixture.receive::<ProjectThreadViews>().await;
        fixture.handle::<ProjectThreadViews>(&deliveries).await;
        steps += 1;
        assert!(steps < 1000, "the replay never ends");
    }
    fixture.settle().await;
    assert!(steps > 2, "one slice did it all: {steps}");
    let views = fixture.rows("SELECT thread_id, title, state FROM view_thread_views ORDER BY thread_id").await;
    let threads = fixture.rows("SELECT thread_id, title, state FROM threads ORDER BY thread_id").await;
    assert_eq!(views, threads);
    let head = fixture.number("SELECT max(pos) FROM events").await;
    assert_eq!(
        fixture
            .number("SELECT pos FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'live'")
            .await,
        head
    );
}

// PROJ-5
#[tokio::test]
async fn a_stopped_replay_stands_still_and_goes_on_where_it_stood() {
    let fixture = Fixture::over(shared::store::Run::Threads, &[("log.page", "2"), ("replay.slice", "1ms")]).await;
    history(&fixture).await;
    start(&fixture, false).await;
    fixture.work::<ProjectThreadViews>().await;
    write(&fixture, replays::stop(PROJECTION).to_vec()).await;
    while fixture.work::<ProjectThreadViews>().await {}
    let stood = fixture
        .number("SELECT pos FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'building'")
        .await;
    assert!(stood > 0 && stood < fixture.number("SELECT max(pos) FROM events").await, "{stood}");
    assert_eq!(pass(&fixture.ctx, Reach::Everything).await.expect("a pass").replays, 0, "nobody rings for it");
    write(&fixture, replays::resume(PROJECTION, false).to_vec()).await;
    assert_eq!(fixture.number("SELECT started_pos FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'building'").await, stood);
    replay::ring(&fixture.ctx, PROJECTION).await.expect("the ring is taken");
    while fixture.work::<ProjectThreadViews>().await {}
    assert_eq!(generations(&fixture).await, json!([[2, "live", 0]]));
}

// PROJ-10, RECONCILE-1: killed midway, the live one serves on and the replay goes on
#[tokio::test]
async fn a_replay_whose_ring_was_lost_is_rung_again() {
    let fixture = Fixture::over(shared::store::Run::Threads, &[("log.page", "2"), ("replay.slice", "1ms")]).await;
    history(&fixture).await;
    let before = fixture.rows(VIEW).await;
    start(&fixture, false).await;
    fixture.work::<ProjectThreadViews>().await;
    let fixture = fixture.reopened(2).await;
    assert_eq!(fixture.rows(VIEW).await, before, "the live generation is whole");
    assert!(!fixture.work::<ProjectThreadViews>().await, "the ring died with the process");
    assert_eq!(pass(&fixture.ctx, Reach::Everything).await.expect("a pass").replays, 1);
    while fixture.work::<ProjectThreadViews>().await {}
    assert_eq!(generations(&fixture).await, json!([[2, "live", 0]]));
    assert_eq!(fixture.rows(VIEW).await, before);
}

// PROJ-7
#[tokio::test]
async fn a_verified_replay_switches_when_both_generations_are_equal() {
    over_every_store(async |fixture| {
        history(&fixture).await;
        let before = fixture.rows(VIEW).await;
        start(&fixture, true).await;
        while fixture.work::<ProjectThreadViews>().await {}
        assert_eq!(generations(&fixture).await, json!([[2, "live", 0]]));
        assert_eq!(fixture.rows(VIEW).await, before);
    })
    .await;
}

// PROJ-7
#[tokio::test]
async fn a_verified_replay_names_the_first_difference_and_does_not_switch() {
    for damage in [
        "UPDATE view_thread_views SET posts_count = 7 WHERE title = 'Thread 2'",
        "DELETE FROM view_thread_views WHERE title = 'Thread 2'",
        "UPDATE view_thread_views SET thread_id = 'thr_zzz' WHERE title = 'Thread 5'",
    ] {
        let fixture = Fixture::new().await;
        history(&fixture).await;
        fixture.execute(damage).await;
        let before = fixture.rows(VIEW).await;
        start(&fixture, true).await;
        while fixture.work::<ProjectThreadViews>().await {}
        assert_eq!(generations(&fixture).await, json!([[1, "live", 0], [2, "building", 1]]), "{damage}");
        let errors = fixture
            .texts("SELECT error FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'building'")
            .await;
        assert!(errors[0].starts_with("view_thread_views differs at pos "), "{errors:?}");
        assert!(errors[0].contains("thread_id=thr_"), "{errors:?}");
        assert_eq!(fixture.rows(VIEW).await, before, "readers see what they saw");
        // The next one takes its place; without the comparison it repairs the damage.
        start(&fixture, false).await;
        while fixture.work::<ProjectThreadViews>().await {}
        assert_eq!(generations(&fixture).await, json!([[4, "live", 0]]), "an even one beside the odd live one");
        let views = fixture.rows("SELECT thread_id, state FROM view_thread_views ORDER BY thread_id").await;
        assert_eq!(views, fixture.rows("SELECT thread_id, state FROM threads ORDER BY thread_id").await, "{damage}");
    }
}

// PROJ-8
#[tokio::test]
async fn a_replay_stops_at_an_event_that_cannot_be_applied() {
    let fixture = Fixture::new().await;
    history(&fixture).await;
    fixture.execute("UPDATE projection_checkpoints SET pos = pos + 1 WHERE projection = 'thread-views'").await;
    let mut damaged = fixture.event("thread/other", 1);
    (damaged.event_type, damaged.thread_id) = ("forum.post.added", Some("thr_other".to_owned()));
    write(&fixture, vec![damaged.append()]).await;
    start(&fixture, false).await;
    while fixture.work::<ProjectThreadViews>().await {}
    assert_eq!(generations(&fixture).await, json!([[1, "live", 0], [2, "building", 1]]));
    let errors = fixture
        .texts("SELECT error FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'building'")
        .await;
    assert!(errors[0].starts_with("event ") && errors[0].contains("cannot be applied"), "{errors:?}");
    assert_eq!(fixture.number("SELECT count(*) FROM dead_letters").await, 0, "the live projection is well");
}

// PROJ-2, PROJ-10: rings may be doubled
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_invocations_on_one_replay_are_harmless() {
    let fixture = Fixture::over(shared::store::Run::Threads, &[("log.page", "3"), ("replay.slice", "2ms")]).await;
    history(&fixture).await;
    let before = fixture.rows(VIEW).await;
    start(&fixture, false).await;
    for _ in 0..3 {
        replay::ring(&fixture.ctx, PROJECTION).await.expect("the ring is taken");
    }
    loop {
        let deliveries = fixture.receive::<ProjectThreadViews>().await;
        if deliveries.is_empty() {
            break;
        }
        let mut tasks = tokio::task::JoinSet::new();
        for delivery in &deliveries {
            let (ctx, record) = (fixture.ctx.clone(), tests::fixture::record(delivery));
            tasks.spawn(async move { batch::run::<ProjectThreadViews>(&ctx, &[record], None).await });
        }
        tasks.join_all().await;
        shared::transport::Transport::ack(&fixture.ctx.transport, ProjectThreadViews::NAME, &deliveries)
            .await
            .expect("the transport answers");
    }
    assert_eq!(generations(&fixture).await, json!([[2, "live", 0]]));
    assert_eq!(fixture.rows(VIEW).await, before);
}
