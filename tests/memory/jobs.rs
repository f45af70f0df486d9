//! Jobs as rows: which moves the database allows, what a lost fence and a lost publication come to, what is called off.

use std::time::Duration;

use job_event::JobEvent;
use serde_json::json;
use shared::ctx::Ctx;
use shared::function::routes::subscriptions;
use shared::store::jobs::{self, JobRow};
use shared::store::{Commit, CommitError, Durability, Guard, Run, lanes};
use shared::value::{JobKind, Scope};
use tests::fixture::{Fixture, over_every_store, tenant};

use crate::acts::{alone, decision, job, lifecycle, stored};

async fn claimed(fixture: &Fixture, holder: &str) -> JobRow {
    let ctx: &Ctx = &fixture.ctx;
    let hold = Duration::from_secs(60);
    let lease = lanes::take(&ctx.store, ctx.housekeeping("test"), "event", holder.to_owned(), hold).await;
    let lease = lease.expect("the store works").expect("the lane is free");
    let shares: Vec<(Scope, u32)> = vec![(tenant(), 10)];
    let context = ctx.authoring("test");
    let lock = Duration::from_secs(300);
    let rows = jobs::claim(&ctx.store, context, JobKind::Event, shares, (&lease, hold), lock).await;
    let mut rows = rows.expect("the store works").expect("the lane is ours");
    lease.release(&ctx.store, ctx.housekeeping("test")).await.expect("released");
    rows.pop().expect("a job")
}

// MEMORY-9, MEMORY-14
#[tokio::test]
async fn the_database_refuses_moves_that_are_not_legal() {
    over_every_store(async |fixture| {
        stored(&fixture, alone(decision("SQLite"))).await;
        for illegal in [
            "UPDATE jobs SET status = 'completed', finished_at = 1",
            "UPDATE jobs SET attempts = attempts + 1",
            "UPDATE jobs SET status = 'processing', locked_until = 1, attempts = 2",
            "UPDATE jobs SET status = 'failed'",
            "UPDATE jobs SET job_id = 'evt_x'",
            "UPDATE jobs SET project_id = 'other'",
            "UPDATE jobs SET fence = -1",
            "DELETE FROM jobs",
        ] {
            fixture.refusal(illegal).await;
        }
        fixture.settle().await;
        for illegal in [
            "UPDATE jobs SET status = 'queued', finished_at = NULL",
            "UPDATE jobs SET status = 'queued', finished_at = NULL, retried_count = retried_count + 1",
            "UPDATE jobs SET status = 'cancelled'",
            "UPDATE observations SET title = 'another'",
        ] {
            fixture.refusal(illegal).await;
        }
        assert_eq!(job(&fixture).await, ("completed".to_owned(), 1));
    })
    .await;
}

// MEMORY-12, AUTH-5
#[tokio::test]
async fn a_worker_that_lost_its_job_completes_nothing_and_neither_does_one_of_another_tenant() {
    over_every_store(async |fixture| {
        stored(&fixture, alone(decision("SQLite"))).await;
        let first = claimed(&fixture, "one").await;
        fixture.advance(Duration::from_secs(301));
        let reach = shared::store::reconcile::Reach::OlderThan(Duration::from_secs(60));
        let pass = sweep_expired_leases::pass(&fixture.ctx, reach).await.expect("a pass");
        assert_eq!((pass.jobs, pass.jobs_failed), (1, 0));
        let second = claimed(&fixture, "two").await;
        assert_eq!((first.fence, second.fence, second.attempts), (1, 2, 2));
        let complete = async |row: &JobRow| {
            let statements = jobs::complete(row, Vec::new(), 0, &shared::generation::Usage::default());
            let commit = Commit::new(Durability::Full, fixture.ctx.authoring("test")).then_all(statements);
            fixture.ctx.store.commit(commit).await
        };
        let late = complete(&first).await;
        assert!(matches!(late, Err(CommitError::Guard(Guard::RowUnchanged))), "{late:?}");
        let foreign = JobRow { scope: Scope { team_id: "other".to_owned(), ..tenant() }, ..second.clone() };
        assert!(matches!(complete(&foreign).await, Err(CommitError::Guard(Guard::RowUnchanged))));
        assert_eq!(job(&fixture).await, ("processing".to_owned(), 2));
        complete(&second).await.expect("the holder completes it");
        assert_eq!(job(&fixture).await, ("completed".to_owned(), 2));
    })
    .await;
}

// MEMORY-11, OUTBOX-7
#[tokio::test]
async fn a_doorbell_that_cannot_be_published_is_told_and_the_job_runs_once_it_can() {
    let without = subscriptions().into_iter().filter(|subscription| subscription.function != "job-event").collect();
    let fixture = Fixture::subscribed(Run::Threads, &[], without).await;
    stored(&fixture, alone(decision("SQLite"))).await;
    assert_eq!(job(&fixture).await, ("queued".to_owned(), 0));
    let told = fixture.rows("SELECT payload ->> 'source' FROM events WHERE type = 'job.failed'").await;
    assert_eq!(json!(told), json!([["publish"]]));
    let row = "SELECT status FROM outbox WHERE topic = 'forum.jobs.event'";
    assert_eq!(fixture.texts(row).await, ["failed"]);
    let fixture = fixture.reopened(2).await;
    fixture.advance(Duration::from_secs(60));
    fixture.settle().await;
    assert_eq!(job(&fixture).await, ("completed".to_owned(), 1));
    assert_eq!(lifecycle(&fixture).await, ["queued", "failed", "enqueued", "processing", "completed"]);
}

// MEMORY-15
#[tokio::test]
async fn a_delivery_after_a_job_was_called_off_has_no_effect() {
    over_every_store(async |fixture| {
        stored(&fixture, alone(decision("SQLite"))).await;
        let cancelled = "UPDATE jobs SET status = 'cancelled', moved_by = 'operator', finished_at = 1";
        fixture.execute("UPDATE commit_context SET id_seed = '01900000-0000-7000-8000-000000000000', n = 0").await;
        fixture.execute(cancelled).await;
        fixture.drain().await;
        fixture.work::<JobEvent>().await;
        assert_eq!(job(&fixture).await, ("cancelled".to_owned(), 0));
        assert_eq!(fixture.number("SELECT count(*) FROM observations").await, 0);
        assert_eq!(lifecycle(&fixture).await.last().map(String::as_str), Some("cancelled"));
    })
    .await;
}
