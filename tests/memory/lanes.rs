//! Lanes: one holder, claims in groups, what failed is tried again as its class allows, and nothing stops the others.

use std::time::Duration;

use job_event::JobEvent;
use serde_json::json;
use shared::function::Function;
use shared::function::batch::{self, Verdict};
use shared::store::lanes;
use shared::value::JobKind;
use tests::fixture::{Fixture, over_every_store, record};

use crate::acts::{Obedient, alone, decision, event, job, lifecycle, stored};

/// Hands the lane its doorbells; the longest wait it asks for.
async fn work<F: Function>(fixture: &Fixture) -> Option<Duration> {
    fixture.drain().await;
    let deliveries = fixture.receive::<F>().await;
    let verdicts = fixture.handle::<F>(&deliveries).await;
    let waits = verdicts.into_iter().filter_map(|verdict| match verdict {
        Verdict::Done => None,
        Verdict::Retry(wait) => Some(wait),
    });
    waits.max()
}

// MEMORY-13, DEAD-1, DEAD-3
#[tokio::test]
async fn what_may_work_is_tried_three_times_ever_later_and_redriven_afterwards() {
    over_every_store(async |fixture| {
        stored(&fixture, alone(event(json!({ "fail": "transient" })))).await;
        let mut waits = Vec::new();
        for _ in 0..2 {
            let wait = work::<Obedient>(&fixture).await.expect("it waits for its time");
            fixture.advance(wait);
            waits.push(wait);
        }
        assert!((4_500..=5_500).contains(&waits[0].as_millis()), "{waits:?}");
        assert!((22_500..=27_500).contains(&waits[1].as_millis()), "{waits:?}");
        assert_eq!(work::<Obedient>(&fixture).await, None);
        assert_eq!(job(&fixture).await, ("failed".to_owned(), 3));
        let story = ["queued", "enqueued", "processing", "retry_scheduled"];
        assert_eq!(lifecycle(&fixture).await[..4], story);
        assert_eq!(lifecycle(&fixture).await.last().map(String::as_str), Some("failed"));
        let letter = &fixture.rows("SELECT source, function, error_class, attempts, id FROM dead_letters").await[0];
        assert_eq!(json!(letter[..4]), json!(["job", "job-event", "transient", 3]));
        // Whatever was wrong is mended.
        fixture.execute("UPDATE agent_events SET payload = '{\"text\":\"mended\"}'").await;
        let id = letter[4].as_str().expect("an id").to_owned();
        let reach = shared::store::dead_letters::Reach {
            team_id: "local".to_owned(),
            project_id: Some("default".to_owned()),
            nobodys: false,
        };
        let letter = fixture
            .ctx
            .store
            .read(move |reader| shared::store::dead_letters::find(reader, &reach, &id))
            .await
            .expect("a read")
            .expect("a letter");
        let commit = shared::store::Commit::new(shared::store::Durability::Full, fixture.ctx.authoring("test"))
            .then_all(letter.redrive(Some("mended")));
        fixture.ctx.store.commit(commit).await.expect("it is redriven");
        assert_eq!(work::<Obedient>(&fixture).await, None);
        assert_eq!(job(&fixture).await, ("completed".to_owned(), 1));
        assert_eq!(fixture.texts("SELECT title FROM observations").await, ["mended"]);
        assert_eq!(fixture.texts("SELECT status FROM dead_letters").await, ["redriven"]);
    })
    .await;
}

// MEMORY-13
#[tokio::test]
async fn what_cannot_work_fails_at_once() {
    for class in ["auth", "quota", "invalid_output", "unrecoverable", "scope", "revoked"] {
        let fixture = Fixture::new().await;
        stored(&fixture, alone(event(json!({ "fail": class })))).await;
        assert_eq!(work::<Obedient>(&fixture).await, None, "{class}");
        assert_eq!(job(&fixture).await, ("failed".to_owned(), 1), "{class}");
        assert_eq!(fixture.texts("SELECT error_class FROM jobs").await, [class]);
        assert_eq!(fixture.number("SELECT count(*) FROM observations").await, 0);
        let audited = "SELECT outcome FROM audit WHERE action = 'job.failed'";
        assert_eq!(fixture.texts(audited).await, [class]);
    }
}

// MEMORY-13
#[tokio::test]
async fn a_provider_that_wants_fewer_requests_is_left_alone_and_the_rest_is_put_back_untried() {
    let fixture = Fixture::new().await;
    for n in 0..5 {
        fixture.accept(alone(event(json!({ "fail": "rate_limited", "retry_after": 17, "n": n })))).await;
    }
    fixture.settle_commands().await;
    let wait = work::<Obedient>(&fixture).await.expect("it waits");
    assert_eq!(wait, Duration::from_secs(17));
    let attempts = fixture.rows("SELECT attempts, count(*) FROM jobs WHERE status = 'queued' GROUP BY 1").await;
    assert_eq!(json!(attempts), json!([[0, 4], [1, 1]]), "one was tried");
}

// MEMORY-22
#[tokio::test]
async fn a_job_that_fails_or_panics_stops_none_of_the_others() {
    over_every_store(async |fixture| {
        for n in 0..150 {
            let wish = match n {
                3 => json!({ "panic": true }),
                7 => json!({ "fail": "invalid_output" }),
                _ => json!({ "text": format!("note {n}") }),
            };
            fixture.accept(alone(event(wish))).await;
        }
        fixture.settle_commands().await;
        work::<Obedient>(&fixture).await;
        let statuses = fixture.rows("SELECT status, count(*) FROM jobs GROUP BY 1 ORDER BY 1").await;
        assert_eq!(json!(statuses), json!([["completed", 148], ["failed", 1], ["queued", 1]]));
        assert_eq!(fixture.number("SELECT count(*) FROM observations").await, 148);
        let claims = "SELECT count(DISTINCT substr(event_id, 1, 35)) FROM events WHERE type = 'job.processing'";
        assert_eq!(fixture.number(claims).await, 2, "a hundred at a time");
        assert_eq!(fixture.number("SELECT max(pos) - count(*) FROM events").await, 0);
    })
    .await;
}

// MEMORY-12, MEMORY-22
#[tokio::test]
async fn a_lane_that_somebody_holds_is_left_to_them_and_nothing_is_lost() {
    over_every_store(async |fixture| {
        stored(&fixture, alone(decision("SQLite"))).await;
        let context = fixture.ctx.housekeeping("elsewhere");
        let hold = Duration::from_secs(60);
        let other = lanes::take(&fixture.ctx.store, context, "event", "elsewhere".to_owned(), hold).await;
        let other = other.expect("the store works").expect("the lane is free");
        assert_eq!(work::<JobEvent>(&fixture).await, None, "acknowledged");
        assert_eq!(job(&fixture).await, ("queued".to_owned(), 0));
        other.release(&fixture.ctx.store, fixture.ctx.housekeeping("elsewhere")).await.expect("released");
        // The next sweep rings for what its holder left.
        fixture.advance(Duration::from_secs(61));
        let pass = sweep_expired_leases::pass(
            &fixture.ctx,
            shared::store::reconcile::Reach::OlderThan(Duration::from_secs(60)),
        );
        assert_eq!(pass.await.expect("a pass").jobs, 1);
        assert_eq!(work::<JobEvent>(&fixture).await, None);
        assert_eq!(job(&fixture).await, ("completed".to_owned(), 1));
    })
    .await;
}

// MEMORY-12, MEMORY-17
#[tokio::test]
async fn two_invocations_at_once_do_each_job_once() {
    over_every_store(async |fixture| {
        for n in 0..40 {
            fixture.accept(alone(decision(&format!("number {n}")))).await;
        }
        fixture.settle_commands().await;
        fixture.drain().await;
        let records: Vec<_> = fixture.receive::<JobEvent>().await.iter().map(record).collect();
        let (one, other) = tokio::join!(
            batch::run::<JobEvent>(&fixture.ctx, &records, None),
            batch::run::<JobEvent>(&fixture.ctx, &records, None),
        );
        assert!(one.iter().chain(&other).all(|verdict| *verdict == Verdict::Done));
        let done = "SELECT count(*) FROM jobs WHERE status = 'completed' AND attempts = 1";
        assert_eq!(fixture.number(done).await, 40);
        assert_eq!(fixture.number("SELECT count(*) FROM observations").await, 40);
    })
    .await;
}

// MEMORY-22
#[tokio::test]
async fn each_project_gets_its_share_of_every_claim() {
    let fixture = Fixture::over(shared::store::Run::Threads, &[("jobs.claim_max", "10")]).await;
    for n in 0..40 {
        fixture.accept(alone(decision(&format!("number {n}")))).await;
    }
    fixture.settle_commands().await;
    // Ten of them belong to another project of the team, which came last.
    fixture
        .execute("INSERT INTO projects (project_id, team_id, name, created_at) VALUES ('small', 'local', 'small', 1)")
        .await;
    fixture.execute("DROP TRIGGER jobs_move_legally").await;
    fixture.execute("UPDATE jobs SET project_id = 'small' WHERE id > 30").await;
    let now = fixture.ctx.clock.now();
    let found = fixture
        .ctx
        .store
        .read(move |reader| shared::store::jobs::projects_in_need(reader, JobKind::Event, now, 10))
        .await
        .expect("a read");
    let found: Vec<_> = found.into_iter().map(|(scope, count)| (scope.project_id, count)).collect();
    assert_eq!(found, [("default".to_owned(), 10), ("small".to_owned(), 10)]);
    let shares = shared::domain::job::shares(&[10, 10], 10);
    assert_eq!(shares, [5, 5]);
}

// MEMORY-16, MEMORY-18
#[tokio::test]
async fn a_job_whose_payload_names_another_tenant_is_refused_and_audited() {
    let fixture = Fixture::new().await;
    stored(&fixture, alone(decision("SQLite"))).await;
    fixture.execute("UPDATE jobs SET payload = json_set(payload, '$.team_id', 'other')").await;
    work::<JobEvent>(&fixture).await;
    assert_eq!(job(&fixture).await, ("failed".to_owned(), 1));
    assert_eq!(fixture.texts("SELECT outcome FROM audit WHERE action = 'job.failed'").await, ["scope"]);
    assert_eq!(fixture.number("SELECT count(*) FROM observations").await, 0);
    let fixture = Fixture::new().await;
    stored(&fixture, alone(decision("SQLite"))).await;
    fixture.execute("UPDATE jobs SET payload = '{\"what\":1}'").await;
    work::<JobEvent>(&fixture).await;
    assert_eq!(fixture.texts("SELECT error_class FROM jobs").await, ["unrecoverable"]);
}

// MEMORY-18
#[tokio::test]
async fn nothing_worth_keeping_is_a_job_well_done() {
    let fixture = Fixture::new().await;
    stored(&fixture, alone(event(json!({ "text": "<private>all of it</private>" })))).await;
    work::<JobEvent>(&fixture).await;
    assert_eq!(job(&fixture).await, ("completed".to_owned(), 1));
    assert_eq!(fixture.number("SELECT count(*) FROM observations").await, 0);
}

// MEMORY-19
#[tokio::test]
async fn without_a_provider_jobs_wait_and_nothing_rings_for_them() {
    let fixture = Fixture::over(shared::store::Run::Threads, &[("generation.provider", "none")]).await;
    stored(&fixture, alone(decision("SQLite"))).await;
    assert_eq!(fixture.number("SELECT count(*) FROM outbox WHERE topic GLOB 'forum.jobs.*'").await, 0);
    assert_eq!(job(&fixture).await, ("queued".to_owned(), 0));
    assert_eq!(lifecycle(&fixture).await, ["queued"]);
}
