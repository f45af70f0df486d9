//! Commands of one stream apply in the order of their acceptance, whatever the deliveries do.

use cmd_add_post::CmdAddPost;
use cmd_open_thread::CmdOpenThread;
use rand::SeedableRng;
use rand::rngs::StdRng;
use rand::seq::SliceRandom;
use shared::function::batch::{self, Verdict};
use shared::store::outbox::{Published, claim, settle};
use std::time::Duration;
use tests::fixture::{Fixture, over_every_store, record};

/// A thread with `count` posts accepted and published, none handled.
async fn with_posts(fixture: &Fixture, count: usize) -> String {
    let thread = fixture.open("Which way").await;
    for n in 0..count {
        fixture.post(&thread, &format!("post {n}")).await;
    }
    fixture.drain().await;
    thread
}

fn expected(count: usize) -> Vec<String> {
    std::iter::once("Which way?".to_owned()).chain((0..count).map(|n| format!("post {n}"))).collect()
}

// CMD-8
#[tokio::test]
async fn shuffled_deliveries_apply_in_the_order_of_acceptance() {
    for seed in 0..5 {
        let fixture = Fixture::new().await;
        with_posts(&fixture, 20).await;
        let mut deliveries = fixture.receive::<CmdAddPost>().await;
        assert_eq!(deliveries.len(), 20);
        deliveries.shuffle(&mut StdRng::seed_from_u64(seed));
        let (early, late) = deliveries.split_at(7);
        fixture.handle::<CmdAddPost>(early).await;
        fixture.work::<CmdOpenThread>().await;
        for delivery in late {
            fixture.handle::<CmdAddPost>(std::slice::from_ref(delivery)).await;
        }
        fixture.settle().await;
        assert_eq!(fixture.texts("SELECT body FROM posts ORDER BY id").await, expected(20), "seed {seed}");
        assert_eq!(fixture.number("SELECT count(*) FROM commands WHERE status = 'applied'").await, 21);
        let order = fixture.rows("SELECT seq FROM commands ORDER BY pos").await;
        assert_eq!(serde_json::json!(order), serde_json::json!((1..=21).map(|seq| [seq]).collect::<Vec<_>>()));
    }
}

// CMD-8
#[tokio::test]
async fn a_command_delivered_fifty_times_too_early_is_still_applied() {
    over_every_store(async |fixture| {
        with_posts(&fixture, 3).await;
        let last = record(&fixture.receive::<CmdAddPost>().await[2]);
        for _ in 0..50 {
            assert_eq!(
                batch::run::<CmdAddPost>(&fixture.ctx, std::slice::from_ref(&last), None).await,
                [Verdict::Done]
            );
        }
        assert_eq!(fixture.number("SELECT sum(attempts) FROM commands").await, 0, "waiting costs no attempt");
        assert_eq!(fixture.number("SELECT count(*) FROM dead_letters").await, 0);
        fixture.settle().await;
        assert_eq!(fixture.texts("SELECT body FROM posts ORDER BY id").await, expected(3));
        assert_eq!(fixture.number("SELECT max(attempts) FROM commands").await, 1);
    })
    .await;
}

// CMD-14
#[tokio::test]
async fn finishing_a_command_rings_the_next_one_of_its_stream_only() {
    over_every_store(async |fixture| {
        with_posts(&fixture, 2).await;
        with_posts(&fixture, 1).await;
        let waiting = "SELECT message_id FROM outbox WHERE status = 'pending'";
        assert_eq!(fixture.rows(waiting).await.len(), 0);
        let opened = fixture.receive::<CmdOpenThread>().await;
        fixture.handle::<CmdOpenThread>(&opened[..1]).await;
        let next = "SELECT replace(command_id, 'cmd_', 'msg_') FROM commands WHERE seq = 2";
        let rung = format!("{waiting} AND topic LIKE 'forum.commands.%'");
        assert_eq!(fixture.texts(&rung).await, fixture.texts(next).await);
    })
    .await;
}

// CMD-14: the doorbell may have come too early while the drainer still publishes it
#[tokio::test]
async fn a_doorbell_under_publication_is_rung_again_and_the_old_mark_does_not_count() {
    over_every_store(async |fixture| {
        let thread = fixture.open("Which way").await;
        fixture.drain().await;
        let opened = fixture.receive::<CmdOpenThread>().await;
        fixture.post(&thread, "post 0").await;
        let store = &fixture.ctx.store;
        let claimed = claim(store, fixture.context(), Duration::from_secs(60), 10).await.expect("a claim");
        assert_eq!((claimed.len(), claimed[0].topic.as_str()), (1, "forum.commands.add_post"));
        // While it is 'processing', the opening finishes.
        fixture.handle::<CmdOpenThread>(&opened).await;
        let outcomes = claimed.into_iter().map(|row| (row, Published::Sent)).collect();
        settle(store, fixture.context(), outcomes).await.expect("the mark is refused");
        let row = fixture.rows("SELECT status, fence FROM outbox WHERE topic = 'forum.commands.add_post'").await;
        assert_eq!(serde_json::json!(row), serde_json::json!([["pending", 2]]));
        fixture.settle().await;
        assert_eq!(fixture.texts("SELECT body FROM posts ORDER BY id").await, expected(1));
    })
    .await;
}

// CMD-9
#[tokio::test]
async fn a_stuck_thread_delays_no_other() {
    over_every_store(async |fixture| {
        let stuck = fixture.open("Stuck").await;
        fixture.post(&stuck, "never").await;
        let other = fixture.open("Other").await;
        fixture.post(&other, "now").await;
        fixture.drain().await;
        // Nobody ever handles the first opening.
        let opened = fixture.receive::<CmdOpenThread>().await;
        fixture.handle::<CmdOpenThread>(&opened[1..]).await;
        fixture.settle().await;
        assert_eq!(fixture.texts("SELECT body FROM posts ORDER BY id").await, ["Other?", "now"]);
        assert_eq!(
            fixture.texts("SELECT status FROM commands ORDER BY seq").await,
            ["accepted", "accepted", "applied", "applied"]
        );
        fixture.handle::<CmdOpenThread>(&opened[..1]).await;
        fixture.settle().await;
        assert_eq!(fixture.number("SELECT count(*) FROM commands WHERE status = 'applied'").await, 4);
    })
    .await;
}
