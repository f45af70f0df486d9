//! What a dead process left of its jobs is done once more; what was done is left alone.

use std::time::Duration;

use shared::ctx::Ctx;
use shared::store::jobs::{self, JobRow};
use shared::store::lanes;
use shared::store::reconcile::{Reach, Reconciled};
use shared::store::{Commit, Durability};
use shared::value::JobKind;
use sweep_expired_leases::pass;
use tests::fixture::{Fixture, over_every_store, tenant};

use crate::acts::{alone, batch, decision, job, lifecycle, stored};

async fn claim(fixture: &Fixture) -> Vec<JobRow> {
    let ctx: &Ctx = &fixture.ctx;
    let (hold, lock) = (Duration::from_secs(60), Duration::from_secs(300));
    let lease = lanes::take(&ctx.store, ctx.housekeeping("test"), "event", "one".to_owned(), hold).await;
    let lease = lease.expect("the store works").expect("the lane is free");
    let shares = vec![(tenant(), 100)];
    let rows = jobs::claim(&ctx.store, ctx.authoring("test"), JobKind::Event, shares, (&lease, hold), lock).await;
    rows.expect("the store works").expect("the lane is ours")
}

async fn everything(fixture: &Fixture) -> Reconciled {
    pass(&fixture.ctx, Reach::Everything).await.expect("a pass")
}

// RECONCILE-1, RECONCILE-2, RECONCILE-3, MEMORY-10
#[tokio::test]
async fn a_job_whose_process_died_is_enqueued_once_more_and_completed_once() {
    over_every_store(async |fixture| {
        stored(&fixture, alone(decision("SQLite"))).await;
        fixture.drain().await;
        assert_eq!(claim(&fixture).await.len(), 1);
        // The process dies with the job, its lane and its queues.
        let fixture = fixture.reopened(2).await;
        let pass = everything(&fixture).await;
        assert_eq!((pass.jobs, pass.jobs_failed), (1, 0));
        fixture.settle().await;
        assert_eq!(job(&fixture).await, ("completed".to_owned(), 2));
        assert_eq!(fixture.number("SELECT count(*) FROM observations").await, 1);
        let story = ["queued", "enqueued", "processing", "queued", "enqueued", "processing", "completed"];
        assert_eq!(lifecycle(&fixture).await, story);
        assert_eq!(everything(&fixture).await.jobs, 0, "completed jobs are left alone");
    })
    .await;
}

// RECONCILE-2, DEAD-1
#[tokio::test]
async fn a_job_that_killed_its_process_three_times_is_given_up_and_counted() {
    over_every_store(async |mut fixture| {
        stored(&fixture, alone(decision("SQLite"))).await;
        for attempt in 1..=3 {
            fixture.drain().await;
            claim(&fixture).await;
            fixture = fixture.reopened(attempt + 1).await;
            let pass = everything(&fixture).await;
            assert_eq!((pass.jobs, pass.jobs_failed), if attempt < 3 { (1, 0) } else { (0, 1) }, "{attempt}");
        }
        fixture.settle().await;
        assert_eq!(job(&fixture).await, ("failed".to_owned(), 3));
        assert_eq!(fixture.texts("SELECT source FROM dead_letters").await, ["job"]);
        assert_eq!(fixture.number("SELECT count(*) FROM observations").await, 0);
    })
    .await;
}

// RECONCILE-1, RECONCILE-4
#[tokio::test]
async fn a_live_lease_is_left_and_a_pass_may_run_twice_at_once() {
    over_every_store(async |fixture| {
        for n in 0..5 {
            fixture.accept(alone(decision(&format!("number {n}")))).await;
        }
        fixture.settle_commands().await;
        fixture.drain().await;
        assert_eq!(claim(&fixture).await.len(), 5);
        fixture.advance(Duration::from_secs(299));
        let reach = Reach::OlderThan(Duration::from_secs(60));
        assert_eq!(pass(&fixture.ctx, reach).await.expect("a pass").jobs, 0);
        fixture.advance(Duration::from_secs(2));
        let (one, other) = tokio::join!(pass(&fixture.ctx, reach), pass(&fixture.ctx, reach));
        assert_eq!(one.expect("a pass").jobs + other.expect("a pass").jobs, 5);
        fixture.settle().await;
        let done = "SELECT count(*) FROM jobs WHERE status = 'completed' AND attempts = 2";
        assert_eq!(fixture.number(done).await, 5);
    })
    .await;
}

// RECONCILE-2, TRANSPORT-8
#[tokio::test]
async fn queued_jobs_are_rung_again_when_their_doorbells_are_lost() {
    over_every_store(async |fixture| {
        for n in 0..3 {
            fixture.accept(alone(decision(&format!("number {n}")))).await;
        }
        fixture.settle_commands().await;
        fixture.drain().await;
        let fixture = fixture.reopened(2).await;
        assert_eq!(everything(&fixture).await.jobs, 3);
        fixture.settle().await;
        assert_eq!(fixture.number("SELECT count(*) FROM jobs WHERE status = 'completed'").await, 3);
        assert_eq!(fixture.number("SELECT count(*) FROM events WHERE type = 'job.enqueued'").await, 3);
    })
    .await;
}

// RECONCILE-2, MEMORY-22
#[tokio::test]
async fn jobs_behind_a_pause_are_not_rung_and_keep_none_of_another_lane_waiting() {
    over_every_store(async |fixture| {
        for n in 0..3 {
            fixture.accept(alone(decision(&format!("number {n}")))).await;
        }
        fixture.accept(batch(vec![decision("SQLite"), decision("Redis")])).await;
        fixture.settle_commands().await;
        fixture.drain().await;
        let context = fixture.ctx.housekeeping("test");
        let pause = Commit::new(Durability::Full, context).then(lanes::pause(("local", None), JobKind::Event));
        fixture.ctx.store.commit(pause).await.expect("the store works");
        let fixture = fixture.reopened(2).await;
        assert_eq!(everything(&fixture).await.jobs, 1, "the batch");
        fixture.settle().await;
        let by_lane = "SELECT kind || ' ' || status FROM jobs GROUP BY 1 ORDER BY 1";
        assert_eq!(fixture.texts(by_lane).await, ["event queued", "event_batch completed"]);
    })
    .await;
}

// RECONCILE-7
#[tokio::test]
async fn the_doorbell_of_an_unfinished_job_is_not_pruned() {
    let fixture = Fixture::over(shared::store::Run::Threads, &[("outbox.keep_sent", "1s")]).await;
    stored(&fixture, alone(decision("SQLite"))).await;
    fixture.drain().await;
    fixture.advance(Duration::from_secs(3_600));
    let sweep = <sweep_retention::SweepRetention as shared::function::Function>::handle;
    sweep(&fixture.ctx, shared::message::envelope::Tick {}).await.expect("the sweep");
    let doorbells = "SELECT count(*) FROM outbox WHERE topic = 'forum.jobs.event'";
    assert_eq!(fixture.number(doorbells).await, 1);
    fixture.settle().await;
    fixture.advance(Duration::from_secs(3_600));
    sweep(&fixture.ctx, shared::message::envelope::Tick {}).await.expect("the sweep");
    assert_eq!(fixture.number(doorbells).await, 0);
}
