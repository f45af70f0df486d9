//! Twenty thousand commits with readers beside them: the write-ahead log stays small.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};

use shared::store::{Durability, events};
use tests::fixture::Fixture;
use tokio::task::JoinSet;

const COMMITS: i64 = 20_000;
const WRITERS: i64 = 250;
const LIMIT: u64 = 64 << 20;

// STORE-9
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn the_write_ahead_log_stays_small_during_twenty_thousand_commits_with_readers() {
    let fixture = Fixture::new().await;
    let wal = std::path::PathBuf::from(format!("{}-wal", fixture.database().display()));
    let largest = Arc::new(AtomicU64::new(0));
    let done = Arc::new(AtomicBool::new(false));
    let mut readers = JoinSet::new();
    for _ in 0..2 {
        let (store, done) = (fixture.ctx.store.clone(), Arc::clone(&done));
        readers.spawn(async move {
            let mut cursor = 0;
            while !done.load(Ordering::SeqCst) {
                let page = store.read(move |reader| events::read_all(reader, cursor, 128)).await.expect("a page");
                cursor = page.last().map_or(0, |event| event.pos);
            }
        });
    }
    let mut writers = JoinSet::new();
    for n in 0..WRITERS {
        let (ctx, largest, wal) = (fixture.ctx.clone(), Arc::clone(&largest), wal.clone());
        let stream = format!("thread/{n}");
        let commits: Vec<_> = (1..=COMMITS / WRITERS)
            .map(|version| {
                let mut commit = fixture.appending(&stream, version);
                commit.durability = Durability::Normal;
                commit
            })
            .collect();
        writers.spawn(async move {
            for commit in commits {
                ctx.store.commit(commit).await.expect("a commit");
                let size = std::fs::metadata(&wal).map_or(0, |file| file.len());
                largest.fetch_max(size, Ordering::SeqCst);
            }
        });
    }
    writers.join_all().await;
    done.store(true, Ordering::SeqCst);
    readers.join_all().await;
    let largest = largest.load(Ordering::SeqCst);
    assert!((1..LIMIT).contains(&largest), "the write-ahead log grew to {largest} bytes");
    assert_eq!(fixture.number("SELECT max(pos) FROM events").await, COMMITS);
    fixture.ctx.store.close().await;
    let left = std::fs::metadata(&wal).map_or(0, |file| file.len());
    assert_eq!(left, 0, "a clean end leaves the database complete without its write-ahead log");
}
