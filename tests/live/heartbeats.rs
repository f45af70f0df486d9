//! Heartbeats, and the quiet between them.

use tests::system::{Setup, System};

use crate::client::{Socket, Sse, open_threads, position_of};

async fn beating() -> System {
    Setup::running().set("live.heartbeat", "50ms").start().await
}

// LOG-11
#[tokio::test]
async fn a_quiet_filter_moves_on_with_the_heartbeats() {
    let system = beating().await;
    open_threads(&system, 3, "T-1").await;
    let epoch = system.harness.ctx.store.epoch();
    let mut socket = Socket::connect(&system, "?ticket=T-none").await;
    let mut stream = Sse::connect(&system.owner, "?after=0&ticket=T-none").await;
    let beat = socket.heartbeat().await;
    let mut members: Vec<_> = beat.as_object().expect("an object").keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["next_cursor", "sent_at", "type"]);
    assert_eq!(beat["next_cursor"], format!("3-{epoch}"));
    let block = stream.heartbeat().await;
    assert_eq!((block.id, block.event, block.data), (format!("3-{epoch}"), String::new(), String::new()));
    open_threads(&system, 2, "T-1").await;
    // Heartbeats from before may still be on their way.
    while position_of(&socket.cursor) < 5 {
        socket.heartbeat().await;
    }
    while stream.heartbeat().await.id != format!("5-{epoch}") {}
    system.stop().await;
}

// LOG-12
#[tokio::test]
async fn an_idle_connection_reads_nothing() {
    let system = beating().await;
    open_threads(&system, 3, "T-1").await;
    let mut socket = Socket::connect(&system, "").await;
    let mut stream = Sse::connect(&system.owner, "?after=0").await;
    socket.events(3).await;
    stream.events(3).await;
    socket.heartbeat().await;
    stream.heartbeat().await;
    let reads = || system.harness.ctx.metrics.live_log_reads_total.get();
    let before = reads();
    assert!(before >= 1, "catching up read the log");
    for _ in 0..5 {
        socket.heartbeat().await;
        stream.heartbeat().await;
    }
    assert_eq!(reads(), before);
    system.stop().await;
}

// LOG-12: one read of the log serves every subscriber
#[tokio::test]
async fn a_commit_is_read_once_however_many_listen() {
    let system = beating().await;
    let mut sockets = Vec::new();
    for _ in 0..10 {
        let mut socket = Socket::connect(&system, "").await;
        socket.heartbeat().await;
        sockets.push(socket);
    }
    let before = system.harness.ctx.metrics.live_log_reads_total.get();
    open_threads(&system, 1, "T-1").await;
    for socket in &mut sockets {
        socket.events(1).await;
    }
    assert_eq!(system.harness.ctx.metrics.live_log_reads_total.get(), before + 1);
    system.stop().await;
}
