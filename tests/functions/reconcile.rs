//! What was lost on the way is rung again; what is on its way is left alone.

use std::time::Duration;

use cmd_add_post::CmdAddPost;
use cmd_open_thread::CmdOpenThread;
use project_thread_views::ProjectThreadViews;
use shared::function::Function;
use shared::function::batch::{self, Record, Verdict};
use shared::message::envelope::Tick;
use shared::store::reconcile::{Reach, Reconciled};
use sweep_expired_leases::{SweepExpiredLeases, pass};
use tests::fixture::{Fixture, over_every_store, record};

async fn everything(fixture: &Fixture) -> Reconciled {
    pass(&fixture.ctx, Reach::Everything).await.expect("a pass")
}

// RECONCILE-1
#[tokio::test]
async fn doorbells_lost_with_the_queues_are_rung_again() {
    over_every_store(async |fixture| {
        let thread = fixture.open("Which way").await;
        fixture.post(&thread, "left").await;
        fixture.open("And this").await;
        fixture.drain().await;
        // The process dies with its queues.
        let fixture = fixture.reopened(2).await;
        fixture.settle().await;
        assert_eq!(fixture.number("SELECT count(*) FROM threads").await, 0, "nothing rings by itself");
        let expected = Reconciled { outbox: 0, commands: 2, events: 0, replays: 0, ..Reconciled::default() };
        assert_eq!(everything(&fixture).await, expected, "the heads of two streams");
        fixture.settle().await;
        assert_eq!(fixture.number("SELECT count(*) FROM commands WHERE status = 'applied'").await, 3);
        assert_eq!(fixture.number("SELECT count(*) FROM view_thread_views").await, 2);
        assert_eq!(everything(&fixture).await, Reconciled::default(), "nothing waits any more");
    })
    .await;
}

// RECONCILE-1
#[tokio::test]
async fn a_projection_behind_the_head_is_rung_again() {
    over_every_store(async |fixture| {
        fixture.open("Which way").await;
        fixture.settle_commands().await;
        let fixture = fixture.reopened(2).await;
        assert_eq!(
            everything(&fixture).await,
            Reconciled { outbox: 0, commands: 0, events: 1, replays: 0, ..Reconciled::default() }
        );
        fixture.settle().await;
        assert_eq!(fixture.number("SELECT count(*) FROM view_thread_views").await, 1);
    })
    .await;
}

// RECONCILE-1
#[tokio::test]
async fn expired_leases_are_released_and_live_ones_are_left_except_at_a_start() {
    over_every_store(async |fixture| {
        fixture.open("One").await;
        fixture.open("Two").await;
        let now = fixture.ctx.clock.now().0;
        for (id, until) in [(1, now), (2, now + 1)] {
            let lease = format!("status = 'processing', fence = 1, locked_until = {until}");
            fixture.execute(&format!("UPDATE outbox SET {lease} WHERE id = {id}")).await;
        }
        let swept = pass(&fixture.ctx, Reach::OlderThan(Duration::ZERO)).await.expect("a pass");
        assert_eq!(swept, Reconciled { outbox: 1, commands: 0, events: 0, replays: 0, ..Reconciled::default() });
        assert_eq!(fixture.texts("SELECT status FROM outbox ORDER BY id").await, ["pending", "processing"]);
        // A start is the only process on the file: whoever held the other one is gone.
        assert_eq!(
            everything(&fixture).await,
            Reconciled { outbox: 1, commands: 0, events: 0, replays: 0, ..Reconciled::default() }
        );
        assert_eq!(fixture.texts("SELECT status FROM outbox ORDER BY id").await, ["pending", "pending"]);
    })
    .await;
}

// RECONCILE-1
#[tokio::test]
async fn the_sweep_leaves_doorbells_that_may_still_be_on_their_way() {
    over_every_store(async |fixture| {
        fixture.open("Which way").await;
        fixture.drain().await;
        fixture.advance(Duration::from_millis(59_999));
        SweepExpiredLeases::handle(&fixture.ctx, Tick {}).await.expect("a pass");
        assert_eq!(fixture.texts("SELECT status FROM outbox").await, ["sent"]);
        fixture.advance(Duration::from_millis(1));
        SweepExpiredLeases::handle(&fixture.ctx, Tick {}).await.expect("a pass");
        assert_eq!(fixture.texts("SELECT status FROM outbox").await, ["pending"]);
        fixture.drain().await;
        assert_eq!(fixture.receive::<CmdOpenThread>().await.len(), 2, "the first one and its repeat");
    })
    .await;
}

// RECONCILE-4
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn passes_may_run_at_once() {
    let fixture = Fixture::new().await;
    for n in 0..20 {
        fixture.open(&format!("Thread {n}")).await;
    }
    fixture.drain().await;
    let fixture = fixture.reopened(2).await;
    let (one, two) = tokio::join!(everything(&fixture), everything(&fixture));
    assert_eq!(one.commands + two.commands, 20);
    fixture.settle().await;
    assert_eq!(fixture.number("SELECT count(*) FROM threads").await, 20);
    assert_eq!(fixture.number("SELECT max(attempts) FROM commands").await, 1);
}

// RECONCILE-5
#[tokio::test]
async fn a_doorbell_without_a_row_is_dropped_and_counted() {
    over_every_store(async |fixture| {
        let thread = fixture.open("Which way").await;
        fixture.drain().await;
        let delivery = fixture.receive::<CmdOpenThread>().await.swap_remove(0);
        let id = thread.replace("thr_", "");
        let unknown = Record {
            body: delivery.body.replace(&id, "01890000-0000-7000-8000-000000000000").into(),
            ..record(&delivery)
        };
        assert_eq!(batch::run::<CmdAddPost>(&fixture.ctx, &[unknown], None).await, [Verdict::Done]);
        let counted = fixture.ctx.metrics.reconciled_total.with_label_values(&["unknown_doorbell"]).get();
        assert_eq!(counted, 1);
        assert_eq!(fixture.number("SELECT count(*) FROM events").await, 0);
    })
    .await;
}

// RECONCILE-5, RECONCILE-6
#[tokio::test]
async fn a_doorbell_for_finished_work_has_no_effect_and_every_pass_is_counted() {
    over_every_store(async |fixture| {
        fixture.open("Which way").await;
        fixture.drain().await;
        let doorbells = fixture.receive::<CmdOpenThread>().await;
        fixture.handle::<CmdOpenThread>(&doorbells).await;
        fixture.drain().await;
        let events = fixture.receive::<ProjectThreadViews>().await;
        fixture.handle::<ProjectThreadViews>(&events).await;
        let before = fixture.rows("SELECT * FROM commands").await;
        assert_eq!(fixture.handle::<CmdOpenThread>(&doorbells).await, [Verdict::Done]);
        assert_eq!(fixture.handle::<ProjectThreadViews>(&events).await, [Verdict::Done]);
        assert_eq!(fixture.rows("SELECT * FROM commands").await, before);
        assert_eq!(fixture.number("SELECT posts_count FROM view_thread_views").await, 1);
        fixture.execute("UPDATE outbox SET status = 'processing', locked_until = 0").await;
        everything(&fixture).await;
        assert_eq!(fixture.ctx.metrics.reconciled_total.with_label_values(&["outbox"]).get(), 2);
        assert_eq!(fixture.ctx.metrics.leases_expired_total.with_label_values(&["outbox"]).get(), 2);
    })
    .await;
}

// RECONCILE-1, STORE-11
#[tokio::test]
async fn a_clock_that_went_back_over_a_restart_hides_nothing_that_waits() {
    over_every_store(async |fixture| {
        fixture.advance(Duration::from_secs(3_600));
        fixture.open("Which way").await;
        fixture.drain().await;
        // The next process begins an hour earlier.
        let fixture = fixture.reopened(2).await;
        assert_eq!(
            everything(&fixture).await,
            Reconciled { outbox: 0, commands: 1, events: 0, replays: 0, ..Reconciled::default() }
        );
        fixture.settle().await;
        assert_eq!(fixture.number("SELECT count(*) FROM view_thread_views").await, 1);
    })
    .await;
}
