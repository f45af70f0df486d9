//! Many at once: commits share a group, none is lost, a full mailbox refuses.

use std::collections::BTreeSet;

use shared::store::{CommitError, Guard, Run, StoreError, events};
use tests::fixture::Fixture;
use tokio::task::JoinSet;

// STORE-4, LOG-1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixty_four_committers_share_groups_and_a_conflict_hurts_only_itself() {
    let fixture = Fixture::new().await;
    let before = fixture.ctx.metrics.writer_batch_size.get_sample_count();
    let mut tasks = JoinSet::new();
    for n in 0..64 {
        let store = fixture.ctx.store.clone();
        // Every fourth one wants a version that its neighbour takes.
        let stream = if n % 4 == 3 { "thread/contended".to_owned() } else { format!("thread/{n}") };
        let commits: Vec<_> = (1..=5).map(|version| fixture.appending(&stream, version)).collect();
        tasks.spawn(async move {
            let mut outcomes = Vec::new();
            for commit in commits {
                outcomes.push(store.commit(commit).await.map(drop));
            }
            outcomes
        });
    }
    let outcomes: Vec<_> = tasks.join_all().await.into_iter().flatten().collect();
    let conflicts =
        outcomes.iter().filter(|outcome| matches!(outcome, Err(CommitError::Guard(Guard::StreamVersion)))).count();
    let applied = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    assert_eq!((applied, conflicts), (48 * 5 + 5, 15 * 5));
    assert_eq!(fixture.number("SELECT count(*) FROM events").await, 245);
    assert_eq!(fixture.number("SELECT max(pos) FROM events").await, 245);
    assert_eq!(fixture.number("SELECT count(*) FROM outbox").await, 245);
    let groups = fixture.ctx.metrics.writer_batch_size.get_sample_count() - before;
    assert!(groups * 2 < 320, "320 commits took {groups} groups");
}

// STORE-5, LOG-1
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn sixteen_writers_and_sixteen_readers_lose_nothing() {
    let fixture = Fixture::new().await;
    let mut writers = JoinSet::new();
    for n in 0..16 {
        let store = fixture.ctx.store.clone();
        let commits: Vec<_> = (1..=20).map(|version| fixture.appending(&format!("thread/{n}"), version)).collect();
        writers.spawn(async move {
            for commit in commits {
                store.commit(commit).await.expect("a commit of its own stream");
            }
        });
    }
    let mut readers = JoinSet::new();
    for _ in 0..16 {
        let store = fixture.ctx.store.clone();
        readers.spawn(async move {
            let mut seen = Vec::new();
            let mut head = store.head();
            while seen.len() < 320 {
                let after = i64::try_from(seen.len()).expect("a position");
                head.wait_for(|head| *head > after).await.expect("the store is open");
                let page = store.read(move |reader| events::read_all(reader, after, 64)).await.expect("a page");
                seen.extend(page.into_iter().map(|event| event.pos));
            }
            seen
        });
    }
    writers.join_all().await;
    for seen in readers.join_all().await {
        assert_eq!(seen, (1..=320).collect::<Vec<_>>());
    }
    let versions = fixture.rows("SELECT stream, group_concat(version, ' ') FROM events GROUP BY stream").await;
    let expected = (1..=20).map(|version| version.to_string()).collect::<Vec<_>>().join(" ");
    assert_eq!(versions.len(), 16);
    assert!(versions.iter().all(|row| row[1].as_str() == Some(expected.as_str())), "{versions:?}");
}

// HTTP-8
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_full_mailbox_refuses_at_once_and_stores_nothing() {
    let fixture = Fixture::over(Run::Threads, &[("writer.queue", "1"), ("writer.batch_max", "1")]).await;
    // A foreign write transaction holds the writer.
    let foreign = libsql::Builder::new_local(fixture.database()).build().await.expect("the database opens");
    let foreign = foreign.connect().expect("a connection");
    foreign.execute_batch("BEGIN IMMEDIATE").await.expect("the lock");
    let mut tasks = JoinSet::new();
    for n in 0..8 {
        let (store, commit) = (fixture.ctx.store.clone(), fixture.appending(&format!("thread/{n}"), 1));
        tasks.spawn(async move { store.try_commit(commit).await.map(drop) });
    }
    // One is in the writer's hands and one in its mailbox at most; all others are told at once.
    for _ in 0..6 {
        let told = tasks.join_next().await.expect("a task").expect("no panic");
        assert!(matches!(told, Err(CommitError::Store(StoreError::Busy))), "{told:?}");
    }
    foreign.execute_batch("ROLLBACK").await.expect("the lock is let go");
    let outcomes = tasks.join_all().await;
    let stored = outcomes.iter().filter(|outcome| outcome.is_ok()).count();
    let refused = u64::try_from(8 - stored).expect("a count");
    assert!((1..=2).contains(&stored), "{outcomes:?}");
    assert_eq!(fixture.number("SELECT count(*) FROM events").await, i64::try_from(stored).expect("a count"));
    assert_eq!(fixture.ctx.metrics.writer_refused_total.get(), refused);
    fixture.append("thread/after", 1).await.expect("the writer works on");
}

// STORE-3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn reads_go_on_while_a_write_transaction_is_open() {
    let fixture = Fixture::new().await;
    fixture.append("thread/a", 1).await.expect("an event");
    let foreign = libsql::Builder::new_local(fixture.database()).build().await.expect("the database opens");
    let foreign = foreign.connect().expect("a connection");
    foreign.execute_batch("BEGIN IMMEDIATE; DELETE FROM outbox").await.expect("an open transaction");
    let head = fixture.ctx.store.read(events::head).await.expect("a read");
    assert_eq!(head, 1);
    foreign.execute_batch("ROLLBACK").await.expect("the lock is let go");
}

// STORE-9
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_query_that_takes_too_long_is_interrupted_and_gives_its_connection_back() {
    let fixture = Fixture::over(Run::Threads, &[("store.query_timeout", "50ms"), ("store.readers", "1")]).await;
    let endless = "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
    let outcome = fixture.ctx.store.read(move |reader| reader.rows(endless, Vec::new())).await;
    assert!(matches!(outcome, Err(StoreError::Interrupted)), "{:?}", outcome.map(|rows| rows.len()));
    assert_eq!(fixture.ctx.store.read(events::head).await.expect("the one reader is free again"), 0);
}

// STORE-3
#[tokio::test]
async fn a_reader_cannot_write() {
    let fixture = Fixture::new().await;
    let write = "INSERT INTO meta (name, value) VALUES ('a', 'b')";
    let outcome = fixture.ctx.store.read(move |reader| reader.rows(write, Vec::new()).map(drop)).await;
    assert!(matches!(outcome, Err(StoreError::Read(_))), "{outcome:?}");
    assert_eq!(fixture.number("SELECT count(*) FROM meta WHERE name = 'a'").await, 0);
}

// STORE-15
#[tokio::test]
async fn two_databases_have_two_ids_and_a_reopened_one_keeps_its_own() {
    let (one, two) = (Fixture::new().await, Fixture::over(Run::Inline, &[]).await.reopened(2).await);
    let other = Fixture::new().await.reopened(3).await;
    let id = one.ctx.store.database_id().to_owned();
    assert_eq!((id.len(), one.ctx.store.epoch()), (32, &id[..8]));
    let reopened = one.reopened(9).await;
    assert_eq!(reopened.ctx.store.database_id(), id);
    let ids: BTreeSet<_> = [&reopened, &two, &other].iter().map(|each| each.database()).collect();
    assert_eq!(ids.len(), 3);
}
