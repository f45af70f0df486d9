//! Claiming outbox rows: under a lease, with a fence, oldest first.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::clock::Time;
use shared::store::outbox::{ClaimedRow, OutboxStatistics, Published, claim, settle, statistics};
use tests::fixture::{Fixture, over_every_store};
use tests::system::NOON;

const LEASE: Duration = Duration::from_secs(60);

async fn with_events(fixture: &Fixture, count: i64) {
    for n in 0..count {
        fixture.append(&format!("thread/{n}"), 1).await.expect("an event");
    }
}

async fn claimed(fixture: &Fixture, limit: u32) -> Vec<ClaimedRow> {
    claim(&fixture.ctx.store, fixture.context(), LEASE, limit).await.expect("a claim")
}

async fn settled(fixture: &Fixture, outcomes: Vec<(ClaimedRow, Published)>) {
    settle(&fixture.ctx.store, fixture.context(), outcomes).await.expect("the marks are stored");
}

async fn counted(fixture: &Fixture) -> OutboxStatistics {
    let now = fixture.ctx.clock.now();
    fixture.ctx.store.read(move |reader| statistics(reader, now)).await.expect("statistics")
}

// OUTBOX-3
#[tokio::test]
async fn a_claim_takes_the_oldest_counts_the_attempt_and_holds_a_lease() {
    over_every_store(async |fixture| {
        with_events(&fixture, 5).await;
        let rows = claimed(&fixture, 3).await;
        let seen: Vec<_> = rows.iter().map(|row| (row.id, row.attempts, row.fence)).collect();
        assert_eq!(seen, [(1, 1, 1), (2, 1, 1), (3, 1, 1)]);
        let stored = fixture.rows("SELECT id, status, locked_until FROM outbox ORDER BY id").await;
        let until = NOON + 60_000;
        let expected = serde_json::json!([
            [1, "processing", until],
            [2, "processing", until],
            [3, "processing", until],
            [4, "pending", null],
            [5, "pending", null]
        ]);
        assert_eq!(serde_json::json!(stored), expected);
    })
    .await;
}

// OUTBOX-3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn two_drainers_share_a_hundred_rows_without_claiming_one_twice() {
    let fixture = Fixture::new().await;
    with_events(&fixture, 100).await;
    let drain = async || {
        let mut ids = Vec::new();
        loop {
            let rows = claimed(&fixture, 7).await;
            if rows.is_empty() {
                return ids;
            }
            ids.extend(rows.into_iter().map(|row| row.id));
        }
    };
    let (one, two) = tokio::join!(drain(), drain());
    assert_eq!(one.len() + two.len(), 100);
    let union: BTreeSet<_> = one.into_iter().chain(two).collect();
    assert_eq!(union, (1..=100).collect());
    assert_eq!(fixture.number("SELECT count(*) FROM outbox WHERE attempts <> 1 OR fence <> 1").await, 0);
}

// OUTBOX-5
#[tokio::test]
async fn a_live_lease_is_left_alone_and_an_expired_one_is_claimed_again() {
    over_every_store(async |fixture| {
        with_events(&fixture, 1).await;
        let first = claimed(&fixture, 10).await;
        fixture.advance(Duration::from_millis(59_999));
        assert_eq!(claimed(&fixture, 10).await.len(), 0);
        fixture.advance(Duration::from_millis(1));
        let second = claimed(&fixture, 10).await;
        assert_eq!((second.len(), second[0].attempts, second[0].fence), (1, 2, first[0].fence + 1));
    })
    .await;
}

// OUTBOX-5
#[tokio::test]
async fn an_old_fence_marks_nothing() {
    over_every_store(async |fixture| {
        with_events(&fixture, 1).await;
        let old = claimed(&fixture, 10).await.swap_remove(0);
        fixture.advance(LEASE);
        let new = claimed(&fixture, 10).await.swap_remove(0);
        let failed = Published::Failed { error: "late".to_owned(), next_attempt_at: Time(NOON) };
        for outcome in [Published::Sent, failed] {
            settled(&fixture, vec![(old.clone(), outcome)]).await;
            assert_eq!(fixture.texts("SELECT status FROM outbox").await, ["processing"]);
        }
        settled(&fixture, vec![(new, Published::Sent)]).await;
        let row = fixture.rows("SELECT status, sent_at, last_error, locked_until FROM outbox").await;
        assert_eq!(serde_json::json!(row), serde_json::json!([["sent", NOON + 60_000, null, null]]));
    })
    .await;
}

// STORE-11, OUTBOX-5
#[tokio::test]
async fn a_clock_going_back_does_not_end_a_lease_early() {
    over_every_store(async |fixture| {
        with_events(&fixture, 1).await;
        claimed(&fixture, 1).await;
        for millis in [-3_600_000, -1, 0, 59_999] {
            fixture.set_clock(Time(NOON + millis));
            assert_eq!(claimed(&fixture, 1).await.len(), 0, "at {millis} ms");
        }
    })
    .await;
}

// OUTBOX-4, OUTBOX-5
#[tokio::test]
async fn a_failed_row_waits_for_its_time_and_is_claimed_again() {
    over_every_store(async |fixture| {
        with_events(&fixture, 2).await;
        let mut rows = claimed(&fixture, 10).await;
        let (second, first) = (rows.swap_remove(1), rows.swap_remove(0));
        let next_attempt_at = Time(NOON + 1_000);
        let failed = Published::Failed { error: "refused".to_owned(), next_attempt_at };
        settled(&fixture, vec![(first, failed), (second, Published::Sent)]).await;
        let stored = fixture.rows("SELECT status, last_error, next_attempt_at FROM outbox WHERE id = 1").await;
        assert_eq!(serde_json::json!(stored), serde_json::json!([["failed", "refused", NOON + 1_000]]));
        fixture.advance(Duration::from_millis(999));
        assert_eq!(claimed(&fixture, 10).await.len(), 0);
        fixture.advance(Duration::from_millis(1));
        let again = claimed(&fixture, 10).await;
        assert_eq!((again.len(), again[0].id, again[0].attempts), (1, 1, 2));
    })
    .await;
}

// OUTBOX-11
#[tokio::test]
async fn statistics_count_every_status_and_the_age_of_the_oldest_pending() {
    over_every_store(async |fixture| {
        let nothing = counted(&fixture).await;
        assert_eq!(nothing, OutboxStatistics::default());
        let json = serde_json::to_value(&nothing).expect("JSON");
        assert!(json.get("oldest_pending_at").is_none(), "{json}");
        for n in 0..10 {
            fixture.append(&format!("thread/{n}"), 1).await.expect("an event");
            fixture.advance(Duration::from_millis(1_500));
        }
        for (status, ids) in [("sent", "1"), ("processing", "2, 3"), ("failed", "4"), ("dead", "5, 6, 7")] {
            fixture.execute(&format!("UPDATE outbox SET status = '{status}' WHERE id IN ({ids})")).await;
        }
        let expected = OutboxStatistics {
            pending_count: 3,
            processing_count: 2,
            failed_count: 1,
            dead_count: 3,
            oldest_pending_at: Some(Time(NOON + 7 * 1_500)),
            // 4.5 s, in whole seconds.
            oldest_pending_age_seconds: 4,
        };
        assert_eq!(counted(&fixture).await, expected);
        fixture.set_clock(Time(0));
        assert_eq!(counted(&fixture).await.oldest_pending_age_seconds, 0, "never negative");
    })
    .await;
}
