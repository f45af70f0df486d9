//! A client that stops reading harms itself alone.

use futures::StreamExt;
use serde_json::json;
use shared::clock::Clock;
use std::time::Duration;
use tests::system::{Setup, System};
use tests::world::World;
use tokio::net::TcpSocket;

use crate::client::{Socket, positions};

/// Threads whose events are far more than the buffers between server and client hold.
async fn open_large_threads(system: &System, count: usize) {
    let body = "x".repeat(65_536);
    let ask = json!({ "title": "Large", "body": body, "ticket": "T-1" });
    let accepted = futures::stream::iter(0..count)
        .map(|_| system.owner.post("/api/v1/forum/threads?wait=0", &ask))
        .buffer_unordered(8)
        .collect::<Vec<_>>();
    assert!(accepted.await.iter().all(|answer| answer.status == 202));
    system.settle().await;
}

// LOG-13, drill 9
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_stops_reading_is_closed_and_may_resume_while_others_read_on() {
    let setup = Setup::running().set("live.stall", "2s").set("live.heartbeat", "100ms");
    let system = setup.start().await;
    open_large_threads(&system, 150).await;
    let sockets = || system.harness.ctx.metrics.live_subscribers.with_label_values(&["ws"]).get();

    let narrow = TcpSocket::new_v4().expect("a socket");
    narrow.set_recv_buffer_size(4096).expect("a small buffer");
    let mut stuck = Socket::connect_with(&system, "?limit=10", narrow).await;
    let mut reader = Socket::connect(&system, "").await;
    let stopwatch = Clock::stopwatch();
    assert_eq!(positions(&reader.events(150).await), (1..=150).collect::<Vec<_>>());
    open_large_threads(&system, 1).await;
    assert_eq!(positions(&reader.events(1).await), [151]);
    // Heartbeats tell the time while the server loses its patience with the other.
    while sockets() > 1 {
        reader.heartbeat().await;
    }
    assert!(stopwatch.elapsed() >= Duration::from_secs(2), "it was closed too early");

    let mut seen = Vec::new();
    while let Ok(frame) = stuck.next().await {
        seen.extend(positions(frame["events"].as_array().unwrap_or(&Vec::new())));
    }
    assert!(!seen.is_empty() && seen.len() < 150, "it got {} of 151 events", seen.len());
    let mut resumed = Socket::connect(&system, &format!("?limit=10&cursor={}", stuck.cursor)).await;
    seen.extend(positions(&resumed.events(151 - seen.len()).await));
    assert_eq!(seen, (1..=151).collect::<Vec<_>>());
    system.stop().await;
}

// LOG-13
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_that_pauses_and_reads_on_gets_everything_in_order() {
    let system = Setup::running().set("live.ring", "8").start().await;
    let narrow = TcpSocket::new_v4().expect("a socket");
    narrow.set_recv_buffer_size(4096).expect("a small buffer");
    let mut pausing = Socket::connect_with(&system, "?limit=10", narrow).await;
    let mut reader = Socket::connect(&system, "?limit=10").await;
    let ((), seen) = tokio::join!(open_large_threads(&system, 120), reader.events(120));
    assert_eq!(positions(&seen), (1..=120).collect::<Vec<_>>());
    assert_eq!(positions(&pausing.events(120).await), (1..=120).collect::<Vec<_>>());
    system.stop().await;
}
