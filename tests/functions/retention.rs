//! What is forgotten after its time, and what never is.

use std::time::Duration;

use serde_json::json;
use shared::function::Function;
use shared::message::envelope::Tick;
use shared::store::reconcile::Reach;
use sweep_expired_leases::pass;
use sweep_retention::SweepRetention;
use tests::fixture::{Fixture, over_every_store};

const HOUR: Duration = Duration::from_secs(3600);

async fn sweep(fixture: &Fixture) {
    SweepRetention::handle(&fixture.ctx, Tick {}).await.expect("the sweep runs");
}

async fn outbox(fixture: &Fixture) -> i64 {
    fixture.number("SELECT count(*) FROM outbox").await
}

// RECONCILE-7
#[tokio::test]
async fn sent_rows_go_after_an_hour_but_the_newest_events_stays() {
    over_every_store(async |fixture| {
        let thread = fixture.open("Which way").await;
        fixture.post(&thread, "left").await;
        fixture.settle().await;
        assert_eq!(outbox(&fixture).await, 4);
        fixture.advance(Duration::from_secs(3599));
        sweep(&fixture).await;
        assert_eq!(outbox(&fixture).await, 4, "not yet");
        fixture.advance(Duration::from_secs(2));
        sweep(&fixture).await;
        let left = fixture.texts("SELECT payload FROM outbox").await;
        assert_eq!(left, ["{\"pos\":2}"], "reconciliation rings the newest event");
        assert_eq!(fixture.number("SELECT count(*) FROM events").await, 2);
        assert_eq!(fixture.number("SELECT count(*) FROM commands").await, 2);
    })
    .await;
}

// RECONCILE-7: never of unfinished work
#[tokio::test]
async fn what_is_unfinished_is_kept_however_old() {
    over_every_store(async |fixture| {
        let thread = fixture.open("Which way").await;
        fixture.settle_commands().await;
        fixture.post(&thread, "left").await;
        fixture.drain().await;
        fixture.advance(30 * HOUR);
        sweep(&fixture).await;
        // One event is not projected, one command not handled; the first command is finished.
        let kept = fixture.texts("SELECT payload FROM outbox ORDER BY id").await;
        assert_eq!(kept, ["{\"pos\":1}", "{\"seq\":2}"]);
        let fixture = fixture.reopened(2).await;
        let rung = pass(&fixture.ctx, Reach::Everything).await.expect("a pass");
        assert_eq!((rung.commands, rung.events), (1, 1));
        fixture.settle().await;
        assert_eq!(fixture.number("SELECT count(*) FROM posts").await, 2);
    })
    .await;
}

// RECONCILE-7, CMD-5
#[tokio::test]
async fn applied_commands_without_an_event_go_after_a_day_and_others_never() {
    over_every_store(async |fixture| {
        let thread = fixture.open("Which way").await;
        fixture.close(&thread).await;
        fixture.close(&thread).await;
        fixture.post(&thread, "too late").await;
        fixture.settle().await;
        let rows = "SELECT name, status, pos IS NULL FROM commands ORDER BY seq";
        fixture.advance(23 * HOUR);
        sweep(&fixture).await;
        let all = json!([
            ["open_thread", "applied", 0],
            ["close_thread", "applied", 0],
            ["close_thread", "applied", 1],
            ["add_post", "rejected", 1]
        ]);
        assert_eq!(json!(fixture.rows(rows).await), all);
        fixture.advance(2 * HOUR);
        sweep(&fixture).await;
        let left = json!([["open_thread", "applied", 0], ["close_thread", "applied", 0], ["add_post", "rejected", 1]]);
        assert_eq!(json!(fixture.rows(rows).await), left);
        fixture.advance(24 * 400 * HOUR);
        sweep(&fixture).await;
        assert_eq!(json!(fixture.rows(rows).await), left, "the audit trail stays");
    })
    .await;
}

// RECONCILE-7, CMD-5
#[tokio::test]
async fn idempotency_keys_are_free_again_after_thirty_days_and_their_commands_stay() {
    over_every_store(async |fixture| {
        let thread = fixture.open("Which way").await;
        fixture.post(&thread, "left").await;
        fixture.settle().await;
        fixture.execute("UPDATE commands SET idempotency_key = 'mine-' || seq").await;
        fixture.advance(24 * 29 * HOUR);
        fixture.post(&thread, "younger").await;
        fixture.settle().await;
        fixture.execute("UPDATE commands SET idempotency_key = 'mine-3' WHERE seq = 3").await;
        sweep(&fixture).await;
        let keys = "SELECT idempotency_key = command_id FROM commands ORDER BY seq";
        assert_eq!(json!(fixture.rows(keys).await), json!([[0], [0], [0]]));
        fixture.advance(24 * 2 * HOUR);
        sweep(&fixture).await;
        assert_eq!(json!(fixture.rows(keys).await), json!([[1], [1], [0]]));
        fixture.advance(24 * 30 * HOUR);
        sweep(&fixture).await;
        assert_eq!(json!(fixture.rows(keys).await), json!([[1], [1], [1]]));
    })
    .await;
}

// RECONCILE-7
#[tokio::test]
async fn a_long_past_goes_slice_by_slice_in_one_pass() {
    let fixture = Fixture::new().await;
    let thread = fixture.open("Which way").await;
    for _ in 0..600 {
        fixture.post(&thread, "more").await;
    }
    fixture.settle().await;
    assert_eq!(outbox(&fixture).await, 1202);
    fixture.advance(2 * HOUR);
    sweep(&fixture).await;
    assert_eq!(outbox(&fixture).await, 1);
}
