//! A projection misses nothing and repeats nothing, whatever rings it.

use project_thread_views::ProjectThreadViews;
use serde_json::json;
use shared::clock::Time;
use shared::function::batch::{self, Record, Verdict};
use shared::function::{Function, projection};
use shared::message::envelope::CloudEvent;
use shared::message::event::LogEvent;
use shared::store::Statement;
use shared::store::projections::Projection;
use shared::store::views::thread_views;
use shared::transport::Delivery;
use tests::fixture::{Fixture, over_every_store, record};

const CHECKPOINT: &str = "SELECT pos FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'live'";

/// A thread with posts, handled by the command side only; what rings the projector.
async fn unprojected(fixture: &Fixture, posts: usize) -> Vec<Delivery> {
    let thread = fixture.open("Which way").await;
    for n in 0..posts {
        fixture.post(&thread, &format!("post {n}")).await;
    }
    fixture.settle_commands().await;
    assert_eq!(fixture.number(CHECKPOINT).await, 0);
    fixture.receive::<ProjectThreadViews>().await
}

async fn posts_counted(fixture: &Fixture) -> i64 {
    fixture.number("SELECT posts_count FROM view_thread_views").await
}

// PROJ-2
#[tokio::test]
async fn events_delivered_twice_and_out_of_order_are_applied_once() {
    over_every_store(async |fixture| {
        let mut deliveries = unprojected(&fixture, 9).await;
        deliveries.reverse();
        for delivery in deliveries.iter().chain(&deliveries) {
            assert_eq!(
                batch::run::<ProjectThreadViews>(&fixture.ctx, &[record(delivery)], None).await,
                [Verdict::Done]
            );
        }
        assert_eq!(posts_counted(&fixture).await, 10);
        assert_eq!(fixture.number(CHECKPOINT).await, 10);
    })
    .await;
}

// PROJ-2
#[tokio::test]
async fn a_doorbell_is_finished_only_at_its_position() {
    over_every_store(async |fixture| {
        let deliveries = unprojected(&fixture, 9).await;
        batch::run::<ProjectThreadViews>(&fixture.ctx, &[record(&deliveries[0])], None).await;
        assert!(fixture.number(CHECKPOINT).await >= 1);
        batch::run::<ProjectThreadViews>(&fixture.ctx, &[record(&deliveries[9])], None).await;
        assert_eq!(fixture.number(CHECKPOINT).await, 10);
        // A doorbell from beyond the log is not taken for done.
        let beyond = Record {
            body: deliveries[9].body.replace("\"sequence\":10", "\"sequence\":11").into(),
            ..record(&deliveries[9])
        };
        let verdicts = batch::run::<ProjectThreadViews>(&fixture.ctx, &[beyond], None).await;
        assert!(matches!(verdicts.as_slice(), [Verdict::Retry(_)]), "{verdicts:?}");
    })
    .await;
}

// PROJ-2
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn many_projectors_at_once_are_harmless() {
    let fixture = Fixture::over(shared::store::Run::Threads, &[("log.page", "3")]).await;
    let deliveries = unprojected(&fixture, 30).await;
    let mut projectors = tokio::task::JoinSet::new();
    for delivery in &deliveries {
        let (ctx, record) = (fixture.ctx.clone(), record(delivery));
        projectors.spawn(async move { batch::run::<ProjectThreadViews>(&ctx, &[record], None).await });
    }
    for verdicts in projectors.join_all().await {
        assert_eq!(verdicts, [Verdict::Done]);
    }
    assert_eq!(posts_counted(&fixture).await, 31);
    assert_eq!(fixture.number(CHECKPOINT).await, 31);
}

// PROJ-3
#[tokio::test]
async fn five_hundred_commands_with_the_projector_stopped_are_all_there_once_it_runs() {
    let fixture = Fixture::new().await;
    let mut threads = Vec::new();
    for n in 0..50 {
        threads.push(fixture.open(&format!("Thread {n}")).await);
    }
    for round in 0..9 {
        for thread in &threads {
            fixture.post(thread, &format!("post {round}")).await;
        }
    }
    fixture.settle_commands().await;
    assert_eq!(fixture.number("SELECT count(*) FROM commands WHERE status = 'applied'").await, 500);
    assert_eq!(fixture.number("SELECT count(*) FROM view_thread_views").await, 0);
    fixture.settle().await;
    let counts = fixture.rows("SELECT count(*), min(posts_count), max(posts_count) FROM view_thread_views").await;
    assert_eq!(json!(counts), json!([[50, 10, 10]]));
    assert_eq!(fixture.number("SELECT max(pos) FROM events").await, 500);
    assert_eq!(fixture.number(CHECKPOINT).await, 500);
    let command_side = "SELECT thread_id, title, state, version FROM threads ORDER BY thread_id";
    let view = "SELECT thread_id, title, state, posts_count FROM view_thread_views ORDER BY thread_id";
    assert_eq!(fixture.rows(view).await, fixture.rows(command_side).await);
}

// PROJ-8
#[tokio::test]
async fn an_event_that_cannot_be_applied_stops_the_projection_there_and_a_fix_resumes_it() {
    over_every_store(async |fixture| {
        unprojected(&fixture, 1).await;
        let mut damaged = fixture.event("thread/other", 1);
        (damaged.event_type, damaged.thread_id) = ("forum.post.added", Some("thr_other".to_owned()));
        let commit = shared::store::Commit::new(shared::store::Durability::Full, fixture.context());
        fixture.ctx.store.commit(commit.then(damaged.append())).await.expect("an event without a body");
        fixture.open("Later").await;
        fixture.settle_commands().await;
        let last = fixture.receive::<ProjectThreadViews>().await.pop().expect("a doorbell");
        for _ in 0..3 {
            let verdicts = batch::run::<ProjectThreadViews>(&fixture.ctx, &[record(&last)], None).await;
            assert!(matches!(verdicts.as_slice(), [Verdict::Retry(_)]), "{verdicts:?}");
            assert_eq!(fixture.number(CHECKPOINT).await, 2);
        }
        let reasons = fixture
            .texts("SELECT error FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'live'")
            .await;
        assert!(reasons[0].starts_with("event 3 cannot be applied: "), "{reasons:?}");
        let letters = fixture.rows("SELECT source, function, topic, error_class FROM dead_letters").await;
        let expected = json!([["projection", "project-thread-views", "forum.events.post.added", "unprojectable"]]);
        assert_eq!(json!(letters), expected, "once, not once per attempt");
        assert_eq!(fixture.number("SELECT count(*) FROM commands WHERE status = 'applied'").await, 3, "others go on");
        // The fix: a projector that knows what to do with it.
        let message: CloudEvent = serde_json::from_str(&last.body).expect("an envelope");
        let name = ProjectThreadViews::NAME;
        projection::handle(&fixture.ctx, name, &LENIENT, &message).await.expect("it resumes");
        assert_eq!(fixture.number(CHECKPOINT).await, 4);
        assert_eq!(
            fixture.number("SELECT count(*) FROM projection_checkpoints WHERE error IS NOT NULL").await,
            0,
            "what stopped it is forgotten"
        );
        assert_eq!(fixture.number("SELECT count(*) FROM view_thread_views").await, 2);
    })
    .await;
}

static LENIENT: Projection = Projection {
    name: thread_views::PROJECTION.name,
    apply: lenient,
    tables: thread_views::PROJECTION.tables,
    indexes: &[],
};

fn lenient(generation: i64, event: &LogEvent) -> Result<Vec<Statement>, serde_json::Error> {
    if event.payload.get() == "{}" { Ok(Vec::new()) } else { (thread_views::PROJECTION.apply)(generation, event) }
}

// PROJ-4: a view is nothing but what the log says
#[tokio::test]
async fn a_view_lost_with_its_checkpoint_is_built_again_field_by_field() {
    let fixture = Fixture::new().await;
    let thread = fixture.open("Which way").await;
    fixture.post(&thread, "left").await;
    fixture.set_clock(Time(fixture.ctx.clock.now().0 + 5_000));
    fixture.answer(&thread, "right").await;
    fixture.settle().await;
    let before = fixture.rows("SELECT * FROM view_thread_views").await;
    fixture.execute("DELETE FROM view_thread_views").await;
    fixture.execute("UPDATE projection_checkpoints SET pos = 0 WHERE projection = 'thread-views'").await;
    // A process that starts afterwards is rung by the reconciliation.
    let fixture = fixture.reopened(2).await;
    let context = fixture.ctx.housekeeping("test");
    let rung =
        shared::store::reconcile::run(&fixture.ctx.store, context, shared::store::reconcile::Reach::Everything, &[]);
    assert_eq!(rung.await.expect("a pass").events, 1);
    fixture.settle().await;
    assert_eq!(fixture.rows("SELECT * FROM view_thread_views").await, before);
}
