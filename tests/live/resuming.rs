//! Leaving and coming back, any number of times.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use tests::system::System;

use crate::client::{Socket, Sse, open_threads, positions};

/// Events of both tickets, in turns, while others read.
async fn write(system: &System) {
    for _ in 0..10 {
        open_threads(system, 10, "T-1").await;
        open_threads(system, 10, "T-2").await;
    }
}

fn expected() -> Vec<i64> {
    (1..=200).filter(|pos| (pos - 1) / 10 % 2 == 1).collect()
}

// LOG-16
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_socket_that_resumes_again_and_again_sees_each_matching_event_once() {
    let system = System::running().await;
    let reading = async {
        let mut random = StdRng::seed_from_u64(16);
        let (mut seen, mut cursor, mut connections) = (Vec::new(), "0".to_owned(), 0);
        while seen.len() < 100 {
            let mut socket = Socket::connect(&system, &format!("?ticket=T-2&limit=3&cursor={cursor}")).await;
            connections += 1;
            for _ in 0..random.random_range(1..4) {
                if seen.len() < 100 {
                    seen.extend(positions(&socket.events(1).await));
                    cursor = socket.cursor.clone();
                }
            }
        }
        assert!(connections > 5, "only {connections} connections");
        seen
    };
    let (seen, ()) = tokio::join!(reading, write(&system));
    assert_eq!(seen, expected());
    system.stop().await;
}

// LOG-16
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_stream_that_resumes_again_and_again_sees_each_matching_event_once() {
    let system = System::running().await;
    let reading = async {
        let mut random = StdRng::seed_from_u64(17);
        let (mut seen, mut last) = (Vec::new(), String::new());
        while seen.len() < 100 {
            let client = system.owner.clone().with_header("last-event-id", &last);
            let mut stream = Sse::connect(&client, "?ticket=T-2&after=0").await;
            for _ in 0..random.random_range(1..8) {
                if seen.len() < 100 {
                    let block = stream.events(1).await.remove(0);
                    seen.push(block.json()["pos"].as_i64().expect("a position"));
                    last = block.id;
                }
            }
        }
        seen
    };
    let (seen, ()) = tokio::join!(reading, write(&system));
    assert_eq!(seen, expected());
    system.stop().await;
}

// LOG-16: cursors survive the process
#[tokio::test]
async fn a_cursor_is_good_after_a_restart() {
    let system = System::running().await;
    open_threads(&system, 2, "T-1").await;
    let mut socket = Socket::connect(&system, "?limit=1").await;
    socket.events(1).await;
    let cursor = socket.cursor.clone();
    let system = system.stop().await.start().await;
    open_threads(&system, 1, "T-1").await;
    let mut socket = Socket::connect(&system, &format!("?cursor={cursor}")).await;
    assert_eq!(positions(&socket.events(2).await), [2, 3]);
    system.stop().await;
}
