//! Index entries that are built again.

use shared::store::memory::{Reindexed, observations_of, reindex};
use shared::store::{Commit, Durability};
use shared::value::Scope;
use tests::fixture::tenant;
use tests::system::System;
use tests::world::World;

use super::{found, note, noted, remember, titles};

/// Compares the index with the observations themselves; it fails if they differ.
const CHECK: &str = "INSERT INTO observation_text (observation_text, rank) VALUES ('integrity-check', 1)";
/// Takes an entry out of the index and leaves the observation.
const LOSE: &str = "INSERT INTO observation_text (observation_text, rowid, scope, title, body)
    SELECT 'delete', id, scope, title, body FROM observations WHERE title = 'Retry the cache'";

/// The observations that this names.
fn what<'a>(kind: &str, id: &'a str) -> Reindexed<'a> {
    match kind {
        "observation" => Reindexed::Observation(id),
        "session" => Reindexed::Session(id),
        _ => Reindexed::Project,
    }
}

/// Up to `limit` identities behind row `after`, and the last row.
async fn listed(
    system: &System,
    (kind, id): (&'static str, &str),
    (after, limit): (i64, u32),
) -> (Vec<String>, Option<i64>) {
    let id = id.to_owned();
    let ctx = &system.harness.ctx;
    let read = ctx.store.read(move |reader| observations_of(reader, &tenant(), what(kind, &id), after, limit));
    let rows = read.await.expect("the store works");
    let last = rows.last().map(|(row, _)| *row);
    (rows.into_iter().map(|(_, id)| id).collect(), last)
}

/// Builds all entries of the project again.
async fn again(system: &System, scope: &Scope) {
    let rows = system.rows("SELECT id FROM observations").await;
    let ids: Vec<i64> = rows.iter().filter_map(|row| row[0].as_i64()).collect();
    let ctx = &system.harness.ctx;
    let commit = Commit::new(Durability::Full, ctx.authoring("test")).then_all(reindex(scope, &ids));
    ctx.store.commit(commit).await.expect("the entries are built");
}

// MEMORY-25
#[tokio::test]
async fn searches_answer_the_same_before_and_after() {
    let system = System::stepped().await;
    noted(&system, &[note("Retry the cache", "in the night"), note("Cache", "and retries")]).await;
    let before = found(&system, "cache retry").await;
    assert_eq!(titles(&before), ["Retry the cache", "Cache"]);
    for _ in 0..2 {
        again(&system, &tenant()).await;
        system.execute(CHECK).await;
        assert_eq!(found(&system, "cache retry").await, before);
    }
}

// MEMORY-25
#[tokio::test]
async fn an_entry_that_is_missing_is_there_afterwards_and_nobody_elses_is_touched() {
    let system = System::stepped().await;
    noted(&system, &[note("Retry the cache", "in the night"), note("Cache", "and retries")]).await;
    system.execute(LOSE).await;
    assert_eq!(titles(&found(&system, "retry").await), ["Cache"]);
    let other = Scope { project_id: "mer".to_owned(), ..tenant() };
    remember(&system.harness.ctx, &other, &[note("Elsewhere", "nothing")]).await;
    again(&system, &other).await;
    assert_eq!(titles(&found(&system, "retry").await), ["Cache"], "it is not the other project's");
    again(&system, &tenant()).await;
    assert_eq!(titles(&found(&system, "retry").await), ["Retry the cache", "Cache"]);
    assert_eq!(titles(&found(&system, "nothing").await), ["Elsewhere"]);
    system.execute(CHECK).await;
}

// MEMORY-25
#[tokio::test]
async fn what_is_to_be_built_again_is_listed_slice_by_slice() {
    let system = System::stepped().await;
    let of_session = |title| ("note", title, "", Some("default-1"));
    let ids = noted(&system, &[note("A", ""), of_session("B"), note("C", ""), of_session("D")]).await;
    let other = Scope { project_id: "mer".to_owned(), ..tenant() };
    remember(&system.harness.ctx, &other, &[of_session("E")]).await;
    let project = ("project", "");
    let (first, last) = listed(&system, project, (0, 3)).await;
    let (second, end) = listed(&system, project, (last.expect("a row"), 3)).await;
    assert_eq!((first.as_slice(), second.as_slice()), (&ids[..3], &ids[3..]));
    assert!(listed(&system, project, (end.expect("a row"), 3)).await.0.is_empty());
    let session = ("session", "default-1");
    let (first, last) = listed(&system, session, (0, 1)).await;
    let (second, _) = listed(&system, session, (last.expect("a row"), 9)).await;
    assert_eq!((first, second), (vec![ids[1].clone()], vec![ids[3].clone()]));
    let one = ("observation", ids[2].as_str());
    let (found, last) = listed(&system, one, (0, 9)).await;
    assert_eq!(found, [ids[2].as_str()]);
    assert!(listed(&system, one, (last.expect("a row"), 9)).await.0.is_empty());
    assert!(listed(&system, ("observation", "obs_unknown"), (0, 9)).await.0.is_empty());
}
