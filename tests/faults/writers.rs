//! Many processes write to one libSQL server at once. Started as `infra/README.md` says, its queue of writers never gets
//! stuck; without that flag it may, for ever, and then a write probe is what tells.

use std::collections::BTreeSet;
use std::time::Duration;

use shared::clock::Clock;
use shared::config::Config;
use shared::ctx::{Ctx, Sources};
use shared::id::Kind;
use shared::store::events::NewEvent;
use shared::store::inspection::{Probe, probe};
use shared::store::{Commit, CommitError, Durability, StoreError, tenants};
use shared::value::Scope;
use tests::services::sqld::{SAFE, Sqld, query};

/// As many as a small deployment has functions at work.
const WRITERS: usize = 16;

/// A minute where everything is required; elsewhere long enough to see that it works.
fn duration() -> Duration {
    #[expect(
        clippy::disallowed_methods,
        reason = "whoever runs the tests says in their environment how thorough to be"
    )]
    let thorough = std::env::var_os("AGENTFORUM_REQUIRE_ALL").is_some_and(|value| !value.is_empty());
    Duration::from_secs(if thorough { 60 } else { 8 })
}

fn scope() -> Scope {
    Scope { team_id: "local".to_owned(), project_id: "default".to_owned() }
}

/// A process of its own, as the server sees it: its own connections, its own stream of writes.
async fn writer(url: &str) -> Ctx {
    let config = Config::with(&[("db", url)]).expect("settings");
    Ctx::build(config, Sources::system(), Vec::new()).await.expect("a context")
}

fn appending(ctx: &Ctx, event_id: &str, stream: &str) -> Commit {
    let event = NewEvent {
        event_id: event_id.to_owned(),
        event_type: "forum.tested",
        stream: stream.to_owned(),
        version: None,
        scope: scope(),
        ticket: None,
        run_id: None,
        thread_id: None,
        session_id: None,
        agent_name: None,
        causation_id: None,
        payload: "{}".to_owned(),
    };
    Commit::new(Durability::Full, ctx.housekeeping("test")).then(event.append())
}

/// What one writer saw.
#[derive(Default)]
struct Journal {
    acknowledged: Vec<String>,
    unknown: usize,
    refused: usize,
}

/// Writes without a pause until the time is over. An unknown outcome is asked after by its id, and written again under the
/// same one only if it is not there.
async fn write(ctx: Ctx, number: usize, limit: Duration) -> Journal {
    let (stopwatch, stream) = (Clock::stopwatch(), format!("thread/{number}"));
    let mut journal = Journal::default();
    while stopwatch.elapsed() < limit {
        let id = ctx.ids.next(Kind::Event);
        loop {
            match ctx.store.commit(appending(&ctx, &id, &stream)).await {
                Ok(_) => {
                    journal.acknowledged.push(id);
                    break;
                }
                Err(CommitError::Store(StoreError::UnknownOutcome(_))) => {
                    journal.unknown += 1;
                    let wanted = id.clone();
                    let sql = "SELECT 1 FROM events WHERE event_id = ?1";
                    let found = ctx.store.read(move |reader| reader.row(sql, vec![wanted.into()])).await;
                    if matches!(found, Ok(Some(_))) {
                        journal.acknowledged.push(id);
                        break;
                    }
                    // A server whose writers are stuck never answers: the end comes all the same.
                    if stopwatch.elapsed() > limit {
                        break;
                    }
                }
                // It came to be after all, between the question and the second try.
                Err(CommitError::Store(StoreError::Statement { .. })) if journal.unknown > 0 => {
                    journal.acknowledged.push(id);
                    break;
                }
                Err(_) => {
                    journal.refused += 1;
                    break;
                }
            }
        }
    }
    ctx.store.close().await;
    journal
}

// STORE-5, STORE-12, STORE-14
#[tokio::test(flavor = "multi_thread")]
async fn sixteen_writers_at_once_lose_and_double_nothing_on_a_server_started_as_told() {
    let Some(server) = Sqld::start_with(SAFE) else { return };
    let url = server.url();
    let first = writer(&url).await;
    let tenant = Commit::new(Durability::Full, first.housekeeping("test")).then_all(tenants::ensure(&scope()));
    first.store.commit(tenant).await.expect("a tenant");
    let mut tasks = tokio::task::JoinSet::new();
    for number in 0..WRITERS {
        let ctx = writer(&url).await;
        tasks.spawn(write(ctx, number, duration()));
    }
    let journals = tasks.join_all().await;
    let acknowledged: Vec<_> = journals.iter().flat_map(|journal| journal.acknowledged.iter().cloned()).collect();
    let (unknown, refused) =
        journals.iter().fold((0, 0), |(unknown, refused), it| (unknown + it.unknown, refused + it.refused));
    eprintln!("{} acknowledged, {unknown} of unknown outcome, {refused} refused", acknowledged.len());

    let rows = query(&url, "SELECT event_id FROM events").await.expect("the events").0;
    let stored: BTreeSet<_> = rows.iter().filter_map(|row| row[0].as_str().map(str::to_owned)).collect();
    assert_eq!(stored.len(), rows.len(), "nothing is doubled");
    let lost = acknowledged.iter().filter(|id| !stored.contains(*id)).count();
    assert_eq!(lost, 0, "of {} acknowledged", acknowledged.len());
    assert!(journals.iter().all(|journal| !journal.acknowledged.is_empty()), "every writer got through");
    let gaps = query(&url, "SELECT max(pos) - count(*) FROM events").await.expect("a count").0;
    assert_eq!(gaps[0][0], 0, "positions have no gap");
    let config = Config::with(&[("db", &url)]).expect("settings");
    assert_eq!(probe(&config, Clock::System.now()).await, Probe::Works);
}

// CLI-10, STORE-12
#[tokio::test]
async fn a_server_that_takes_no_write_is_found_by_the_write_probe_alone() {
    let Some(server) = Sqld::start() else { return };
    let url = server.url();
    writer(&url).await.store.close().await;
    let config = Config::with(&[("db", &url)]).expect("settings");
    assert_eq!(probe(&config, Clock::System.now()).await, Probe::Works);
    // Somebody holds the writers up, as the stuck queue does; reads go on.
    let begin = serde_json::json!({ "requests": [{ "type": "execute", "stmt": { "sql": "BEGIN IMMEDIATE" } }] });
    let client = reqwest::Client::new();
    let held = client.post(format!("{url}/v3/pipeline")).json(&begin).send().await.expect("an answer");
    assert!(held.status().is_success());
    let stopwatch = Clock::stopwatch();
    let probed = probe(&config, Clock::System.now()).await;
    // The server frees its writers after 5 s; a probe that began in time has waited for that, or was refused.
    let waited = stopwatch.elapsed() > Duration::from_secs(3);
    assert!(waited || matches!(probed, Probe::ReadOnly(_)), "{probed:?} after {:?}", stopwatch.elapsed());
    query(&url, "SELECT 1").await.expect("reads go on");
}
