//! Finding observations: by stems, by all of the words before some, of one's own tenant, and page by page.

mod reindex;
mod statements;

use std::collections::BTreeSet;

use serde_json::{Value, json};
use shared::ctx::Ctx;
use shared::id::{Kind, fingerprint};
use shared::store::{Commit, Durability, Statement, tenants};
use shared::value::{KeyScope, Scope};
use tests::fixture::tenant;
use tests::system::{Client, KeyOf, Setup, System};

const SEARCH: &str = "/api/v1/search";

/// An observation as it is stored: kind, title, body, session.
type Noted<'a> = (&'a str, &'a str, &'a str, Option<&'a str>);

/// A note outside of sessions.
fn note<'a>(title: &'a str, body: &'a str) -> Noted<'a> {
    ("note", title, body, None)
}

/// Stores observations, as a job that is over made them.
async fn remember(ctx: &Ctx, scope: &Scope, observations: &[Noted<'_>]) -> Vec<String> {
    const JOB: &str = "INSERT INTO jobs (job_id, team_id, project_id, kind, source_type, source_id, payload, rings, moved_by, request_id, correlation_id, created_at, updated_at)
        VALUES (?1, ?2, ?3, 'event', 'test', 'test', '{}', 0, 'test', 'req', 'ev_test', 1, 1) ON CONFLICT DO NOTHING";
    const OVER: &str = "UPDATE jobs SET status = 'cancelled', finished_at = 1 WHERE job_id = ?1 AND status = 'queued'";
    const OBSERVATION: &str = "INSERT INTO observations (team_id, project_id, observation_id, observation_key, job_id, session_id, kind, title, body, occurred_at, created_at)
        VALUES (?2, ?3, ?4, ?4, ?1, ?5, ?6, ?7, ?8, 1, (SELECT now FROM commit_context))";
    let (team, project) = (scope.team_id.as_str(), scope.project_id.as_str());
    let job = format!("evt_{}", fingerprint(&[team.as_bytes(), project.as_bytes()]));
    let key = || vec![job.clone().into(), team.into(), project.into()];
    let ids: Vec<_> = observations.iter().map(|_| ctx.ids.next(Kind::Observation)).collect();
    let rows = observations.iter().zip(&ids).map(|((kind, title, body, session), id)| {
        let mut params: Vec<libsql::Value> = key();
        params.extend([id.clone().into(), (*session).into(), (*kind).into(), (*title).into(), (*body).into()]);
        Statement::new(OBSERVATION, params)
    });
    let commit = Commit::new(Durability::Full, ctx.authoring("test"))
        .then_all(tenants::ensure(scope))
        .then(Statement::new(JOB, key()))
        .then(Statement::new(OVER, vec![job.clone().into()]))
        .then_all(rows);
    ctx.store.commit(commit).await.expect("observations are stored");
    ids
}

/// Stores observations in the tenant of most tests.
async fn noted(system: &System, observations: &[Noted<'_>]) -> Vec<String> {
    remember(&system.harness.ctx, &tenant(), observations).await
}

async fn found_by(client: &Client, body: &Value) -> Value {
    let answer = client.post(SEARCH, body).await;
    assert_eq!(answer.status, 200, "{body}: {}", answer.body);
    answer.body
}

async fn found(system: &System, words: &str) -> Value {
    found_by(&system.owner, &json!({ "query": words })).await
}

fn titles(found: &Value) -> Vec<&str> {
    found["items"].as_array().expect("items").iter().map(|item| item["title"].as_str().expect("a title")).collect()
}

// MEMORY-24
#[tokio::test]
async fn words_are_found_in_any_form_and_a_title_weighs_more_than_a_body() {
    let system = System::stepped().await;
    let long = format!("{} one\nmigration {}", "before ".repeat(50), "after ".repeat(50));
    let noted_in_session = ("decision", "Run the migrations", "in the night", Some("default-1"));
    let ids = noted(&system, &[noted_in_session, note("Something else", &long), note("Unrelated", "")]).await;
    let found = found(&system, "migrating").await;
    assert_eq!(titles(&found), ["Run the migrations", "Something else"], "the title first, although it is older");
    let expected = json!({
        "source": "observation", "id": ids[0], "kind": "decision", "title": "Run the migrations",
        "snippet": "in the night", "score": 200, "project_id": "default", "session_id": "default-1",
        "created_at": "2026-01-31T12:00:00.000Z",
    });
    assert_eq!(found["items"][0], expected);
    let snippet = found["items"][1]["snippet"].as_str().expect("a snippet");
    assert!(snippet.starts_with("…before") && snippet.contains("one migration after"), "{snippet}");
    assert!(snippet.ends_with('…') && snippet.chars().count() < 150, "{snippet}");
    assert_eq!((&found["truncated"], found.get("next_cursor")), (&json!(false), None));
}

// MEMORY-24
#[tokio::test]
async fn every_word_comes_before_some_and_a_rare_word_before_a_frequent_one() {
    let system = System::stepped().await;
    let observations = [
        note("Nothing", "about a unicorn"),
        note("Retry the cache", "whenever"),
        note("Cache", "to retry"),
        note("Retry, retry", "and again"),
        note("Other", "the cache only"),
    ];
    noted(&system, &observations).await;
    let both = found(&system, "retry cache").await;
    assert_eq!(titles(&both), ["Retry the cache", "Cache", "Retry, retry", "Other"]);
    let none = found(&system, "retry cache unicorn").await;
    assert_eq!(titles(&none), ["Retry the cache", "Cache", "Retry, retry", "Nothing", "Other"]);
    // A page that every word fills has nothing with some of them behind it.
    let page = found_by(&system.owner, &json!({ "query": "retry cache", "limit": 2 })).await;
    assert_eq!((titles(&page), page.get("next_cursor")), (vec!["Retry the cache", "Cache"], None));
}

// MEMORY-24, FORUM-19
#[tokio::test]
async fn a_rare_word_is_found_behind_more_matches_than_are_ranked() {
    let system = Setup::stepped().set("search.matches_max", "3").start().await;
    noted(&system, &[note("Long ago", "the gizmo was mended in step 1")]).await;
    for n in 0..5 {
        noted(&system, &[note(&format!("Step {n}"), "taken")]).await;
    }
    let steps = found(&system, "steps").await;
    assert_eq!((titles(&steps), &steps["truncated"]), (vec!["Step 4", "Step 3", "Step 2"], &json!(true)));
    let rare = found(&system, "gizmo step widget").await;
    assert_eq!((titles(&rare), &rare["truncated"]), (vec!["Long ago"], &json!(true)));
    let few = found(&system, "step 3").await;
    assert_eq!((titles(&few)[0], &few["items"][0]["score"]), ("Step 3", &json!(400)));
}

// MEMORY-24
#[tokio::test]
async fn kinds_and_a_session_pick_from_what_is_found() {
    let system = Setup::stepped().set("search.matches_max", "3").start().await;
    let of = |kind, title, session| (kind, title, "about the index", session);
    noted(&system, &[of("decision", "First", Some("default-1")), of("fix", "Second", Some("default-2"))]).await;
    for _ in 0..4 {
        noted(&system, &[of("note", "Another", Some("default-2"))]).await;
    }
    noted(&system, &[of("fix", "Last", Some("default-1"))]).await;
    // The matches in between are more than are ranked.
    let session = found_by(&system.owner, &json!({ "query": "index", "session_id": "default-1" })).await;
    assert_eq!((titles(&session), &session["truncated"]), (vec!["Last", "First"], &json!(false)));
    let body = json!({ "query": "index nowhere", "session_id": " default-1 ", "kinds": ["decision"] });
    assert_eq!(titles(&found_by(&system.owner, &body).await), ["First"]);
    let fixes = found_by(&system.owner, &json!({ "query": "index", "kinds": ["FIX", "decision"] })).await;
    assert_eq!((titles(&fixes), &fixes["truncated"]), (vec!["Last"], &json!(true)));
    for (filter, value) in [("session_id", json!("default-3")), ("kinds", json!(["post", "summary"]))] {
        let body = json!({ "query": "index", filter: value });
        assert_eq!(titles(&found_by(&system.owner, &body).await), [""; 0], "{body}");
    }
}

// MEMORY-24, AUTH-4
#[tokio::test]
async fn equal_texts_of_another_tenant_neither_show_nor_count() {
    let system = Setup::stepped().set("search.matches_max", "3").start().await;
    let shop = Scope { team_id: "acme".to_owned(), project_id: "shop".to_owned() };
    let mer = Scope { project_id: "mer".to_owned(), ..tenant() };
    noted(&system, &[note("Index", "rare"), note("Index", "rare")]).await;
    remember(&system.harness.ctx, &mer, &[note("Index", "rare")]).await;
    for _ in 0..5 {
        remember(&system.harness.ctx, &shop, &[note("Index", "rare")]).await;
    }
    let scopes = &[KeyScope::MemoriesRead];
    let key = |team, project| KeyOf { team, project, scopes, ..KeyOf::default() };
    let own = system.client(key("local", Some("default"))).await;
    let one = system.client(key("local", Some("mer"))).await;
    let team = system.client(key("local", None)).await;
    let foreign = system.client(key("acme", Some("shop"))).await;
    // With the only word, with one of two, and with both.
    for words in ["index", "rare nowhere", "index rare"] {
        let body = json!({ "query": words });
        for (client, count, truncated) in [(&own, 2, false), (&one, 1, false), (&team, 3, false), (&foreign, 3, true)] {
            let found = found_by(client, &body).await;
            assert_eq!((titles(&found).len(), &found["truncated"]), (count, &json!(truncated)), "{words}: {found}");
        }
    }
    let projects: Vec<_> = found_by(&team, &json!({ "query": "index" })).await["items"]
        .as_array()
        .map(|items| items.iter().map(|item| item["project_id"].clone()).collect())
        .expect("items");
    assert_eq!(projects, [json!("mer"), json!("default"), json!("default")]);
    let named = found_by(&team, &json!({ "query": "index", "project_id": "mer" })).await;
    assert_eq!(titles(&named).len(), 1);
    let refused = own.post(SEARCH, &json!({ "query": "index", "project_id": "mer" })).await;
    assert_eq!(refused.refusal(), (404, "not_found".to_owned()));
    let elsewhere = found_by(&team, &json!({ "query": "index", "project_id": "shop" })).await;
    assert_eq!(titles(&elsewhere), [""; 0], "the project of another team");
}

// MEMORY-24, HTTP-5
#[tokio::test]
async fn pages_neither_repeat_nor_skip_while_others_are_made() {
    let system = System::stepped().await;
    let mut stored = Vec::new();
    for n in 0..30 {
        let (title, body) = (format!("Retry {n}"), format!("Note {n}"));
        let observation = if n % 4 == 0 { note(&title, "of the cache") } else { note(&body, "about a retry") };
        stored.extend(noted(&system, &[observation]).await);
    }
    for words in ["retries", "retry cache nowhere"] {
        let (expected, mut seen, mut cursor) = (stored.clone(), Vec::new(), Value::Null);
        loop {
            let page = found_by(&system.owner, &json!({ "query": words, "limit": 7, "cursor": cursor })).await;
            let items = page["items"].as_array().expect("items");
            seen.extend(items.iter().map(|item| item["id"].as_str().expect("an id").to_owned()));
            // They match better than most, and make their words more common.
            stored.extend(noted(&system, &[note("Retry the new cache", "and retry"), note("New", "retry")]).await);
            match page.get("next_cursor") {
                Some(next) => cursor = next.clone(),
                None => break,
            }
        }
        assert_eq!(seen.len(), expected.len(), "{words}: nothing came twice");
        assert_eq!(seen.iter().collect::<BTreeSet<_>>(), expected.iter().collect::<BTreeSet<_>>(), "{words}");
        let other = system.owner.post(SEARCH, &json!({ "query": "other", "cursor": cursor })).await;
        assert_eq!(other.refusal(), (400, "invalid_cursor".to_owned()));
    }
}
