//! kill -9 at forty moments of a load: everything acknowledged is there, once.

use std::collections::{BTreeMap, HashSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};
use serde_json::{Value, json};
use tests::system::{Server, Setup, System, rows_of};
use tests::world::World;
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::load::{Entry, Load};

const KILLS: usize = 40;
const CLIENTS: usize = 8;

// Drill 5, CMD-1, CMD-5, CMD-7, CMD-10, LOG-1, RECONCILE-3
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn forty_kills_under_load_lose_and_repeat_nothing() {
    let setup = Setup::running();
    let database = setup.database();
    let (servers, server) = watch::channel(None);
    let (journal, enough) = (Arc::<Mutex<Vec<Entry>>>::default(), Arc::<AtomicBool>::default());
    let load = Load { server, journal: Arc::clone(&journal), enough: Arc::clone(&enough) };
    let mut clients = JoinSet::new();
    for number in 0..CLIENTS {
        clients.spawn(load.clone().run(number));
    }
    let mut random = StdRng::seed_from_u64(40);
    let mut lives_with_acknowledgements = 0;
    for _ in 0..KILLS {
        let running = Server::start(&database).await;
        let before = journal.lock().expect("the journal").len();
        servers.send_replace(Some(running.owner(&database)));
        tokio::time::sleep(Duration::from_millis(random.random_range(20..250))).await;
        running.kill().await;
        servers.send_replace(None);
        lives_with_acknowledgements += usize::from(journal.lock().expect("the journal").len() > before);
    }
    let last = Server::start(&database).await;
    servers.send_replace(Some(last.owner(&database)));
    enough.store(true, Ordering::SeqCst);
    while let Some(ended) = clients.join_next().await {
        ended.expect("a client ends by itself");
    }
    last.kill().await;

    let journal = std::mem::take(&mut *journal.lock().expect("the journal"));
    assert!(lives_with_acknowledgements > KILLS / 2, "only {lives_with_acknowledgements} lives took any command");
    assert!(journal.len() > 200, "only {} commands were acknowledged", journal.len());
    let system = setup.start().await;
    system.assert_at_rest().await;
    assert_eq!(rows_of(&database, "PRAGMA integrity_check").await, [[json!("ok")]]);
    assert_everything_once(&system, &journal).await;
    assert_views_equal_state(&system).await;
    assert_keys_replay(&system, &journal).await;
    system.stop().await;
}

/// Names the first row that differs: there are hundreds.
fn assert_same_rows(found: &[Vec<Value>], expected: &[Vec<Value>]) {
    for (found, expected) in found.iter().zip(expected) {
        assert_eq!(found, expected);
    }
    assert_eq!(found.len(), expected.len());
}

/// Each acknowledged command is there and was applied, once, and nothing else is there.
async fn assert_everything_once(system: &System, journal: &[Entry]) {
    let commands = system.rows("SELECT command_id, idempotency_key, status FROM commands ORDER BY 1").await;
    let mut expected: Vec<_> =
        journal.iter().map(|entry| vec![json!(entry.command_id), json!(entry.key), json!("applied")]).collect();
    expected.sort_by_key(|row| row[0].to_string());
    assert_same_rows(&commands, &expected);

    let mut posts = BTreeMap::<&str, i64>::new();
    let mut events = BTreeMap::<&str, i64>::new();
    for entry in journal {
        let close = entry.path.ends_with("/close");
        *posts.entry(&entry.thread).or_default() += i64::from(!close);
        *events.entry(&entry.thread).or_default() += 1 + i64::from(entry.path.ends_with("/answer"));
    }
    let counted = |counts: BTreeMap<&str, i64>| -> Vec<Vec<Value>> {
        counts.into_iter().map(|(thread, count)| vec![json!(thread), json!(count)]).collect()
    };
    let stored = system.rows("SELECT thread_id, count(*) FROM posts GROUP BY thread_id ORDER BY thread_id").await;
    assert_same_rows(&stored, &counted(posts));
    // As many versions as events, from 1 on without a gap, and the thread stands at the last.
    let versions = "SELECT e.thread_id, count(*), min(e.version), max(e.version), t.version FROM events AS e
        JOIN threads AS t USING (team_id, project_id, thread_id) WHERE e.stream GLOB 'thread/*' GROUP BY e.thread_id ORDER BY e.thread_id";
    let expected: Vec<Vec<Value>> =
        events.into_iter().map(|(thread, n)| vec![json!(thread), json!(n), json!(1), json!(n), json!(n)]).collect();
    assert_same_rows(&system.rows(versions).await, &expected);
    assert_eq!(system.number("SELECT count(*) FROM dead_letters").await, 0);
}

/// The view says what the command side says.
async fn assert_views_equal_state(system: &System) {
    let state = "SELECT t.thread_id, t.state, t.answer ->> 'option', t.guidance_status, t.closed_at IS NULL,
            (SELECT count(*) FROM posts AS p WHERE p.thread_id = t.thread_id)
        FROM threads AS t ORDER BY t.thread_id";
    let view = "SELECT thread_id, state, answer ->> 'option', guidance_status, closed_at IS NULL, posts_count
        FROM view_thread_views ORDER BY thread_id";
    let (state, view) = (system.rows(state).await, system.rows(view).await);
    assert!(!state.is_empty());
    assert_same_rows(&view, &state);
}

/// Repeating a key answers with the command it made.
async fn assert_keys_replay(system: &System, journal: &[Entry]) {
    let before = system.number("SELECT count(*) FROM commands").await;
    for entry in journal {
        let client = system.owner.clone().with_header("idempotency-key", &entry.key);
        let replayed = client.post(&entry.path, &entry.body).await;
        assert!(replayed.status.is_success(), "{}", replayed.body);
        assert_eq!(replayed.text("/command/command_id"), entry.command_id);
        assert_eq!(replayed.header("idempotent-replayed"), "true");
    }
    assert_eq!(system.number("SELECT count(*) FROM commands").await, before);
    let ids: HashSet<_> = journal.iter().map(|entry| &entry.command_id).collect();
    assert_eq!(ids.len(), journal.len());
}
