//! Stored events first, then live ones, and none twice.

use futures::future::join_all;
use tests::system::{Setup, System};

use crate::client::{Socket, Sse, open_threads, positions};

// LOG-10
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn stored_events_come_in_order_before_the_live_ones() {
    let system = System::running().await;
    open_threads(&system, 350, "T-1").await;
    let readers = join_all((0..4).map(async |_| {
        let mut socket = Socket::connect(&system, "").await;
        positions(&socket.events(500).await)
    }));
    let streams = join_all((0..2).map(async |_| {
        let mut stream = Sse::connect(&system.owner, "?after=0").await;
        stream.events(500).await.iter().map(|block| block.json()["pos"].as_i64().expect("a position")).collect()
    }));
    let (sockets, streams, ()): (_, Vec<Vec<i64>>, ()) =
        tokio::join!(readers, streams, open_threads(&system, 150, "T-1"));
    for seen in sockets.into_iter().chain(streams) {
        assert_eq!(seen, (1..=500).collect::<Vec<_>>());
    }
    system.assert_at_rest().await;
    system.stop().await;
}

// LOG-10, LOG-18: readers that come and go at any moment of a constant stream of writes
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn under_constant_writes_nobody_misses_or_repeats_one() {
    let system = Setup::running().set("live.ring", "16").set("log.page", "32").start().await;
    let readers = join_all((0..6).map(async |n| {
        // Each begins when the log has come a little further.
        let mut head = system.harness.ctx.store.head();
        head.wait_for(|head| *head >= n * 40).await.expect("the log grows");
        let mut socket = Socket::connect(&system, "?limit=7").await;
        positions(&socket.events(300).await)
    }));
    let (seen, ()) = tokio::join!(readers, open_threads(&system, 300, "T-1"));
    for positions in seen {
        assert_eq!(positions, (1..=300).collect::<Vec<_>>());
    }
    system.stop().await;
}
