//! What an archived project still does, and what it refuses.

use serde_json::json;
use shared::store::{Commit, CommitError, Durability, Guard, tenants};
use shared::value::{KeyScope, Scope};
use tests::runs::{RUNS, run_of};
use tests::sessions::{SESSIONS, session_of};
use tests::system::{Answer, KeyOf, System, question};
use tests::world::World;

use super::{PROJECTS, THREADS, ids, with};

/// A system with the project `web`, in which a thread is open; and the thread.
async fn with_a_project() -> (System, String) {
    let system = System::stepped().await;
    assert_eq!(system.owner.post(PROJECTS, &json!({ "name": "Web" })).await.status, 201);
    let thread = system.opened(&with(question("Before"), &[("project_id", "web")])).await;
    (system, thread)
}

async fn archive(system: &System, project: &str) -> Answer {
    system.owner.post(&format!("{PROJECTS}/{project}/archive"), &json!({})).await
}

// STORE-8
#[tokio::test]
async fn an_archived_project_leaves_the_list_and_is_found_by_its_id() {
    let (system, thread) = with_a_project().await;
    let archived = archive(&system, "web").await;
    assert_eq!((archived.status.as_u16(), archived.text("/archived_at")), (200, "2026-01-31T12:00:00.000Z".to_owned()));
    assert_eq!(ids(&system.owner, "").await, ["default"]);
    assert_eq!(ids(&system.owner, "?archived=true").await, ["default", "web"]);
    assert_eq!(system.owner.get(&format!("{PROJECTS}?project_id=web")).await.body["items"], json!([archived.body]));
    let of_web = system.owner.get(&format!("{THREADS}?project_id=web")).await;
    assert_eq!(of_web.text("/items/0/thread_id"), thread);
    let taken = system.owner.post(PROJECTS, &json!({ "name": "New", "id": "web" })).await;
    assert_eq!(taken.refusal(), (409, "already_exists".to_owned()), "its id stays its own");
}

// STORE-8, AUTH-12
#[tokio::test]
async fn archiving_again_changes_nothing_and_only_an_admin_archives() {
    let (system, _) = with_a_project().await;
    let writer = system.client(KeyOf { project: Some("web"), ..KeyOf::default() }).await;
    let path = format!("{PROJECTS}/web/archive");
    assert_eq!(writer.post(&path, &json!({})).await.refusal(), (403, "scope_denied".to_owned()));
    let foreign = KeyOf { team: "crew", project: None, scopes: &[KeyScope::Admin], ..KeyOf::default() };
    let foreign = system.client(foreign).await;
    assert_eq!(foreign.post(&path, &json!({})).await.refusal(), (404, "not_found".to_owned()));
    assert_eq!(archive(&system, "unknown").await.refusal(), (404, "not_found".to_owned()));
    let first = archive(&system, "web").await;
    system.advance(std::time::Duration::from_secs(60));
    assert_eq!(archive(&system, "web").await.body, first.body);
    let trail = system.rows("SELECT subject, project_id FROM audit WHERE action = 'projects.archive'").await;
    assert_eq!(trail, [["web", "web"]]);
}

// STORE-8
#[tokio::test]
async fn nothing_new_begins_in_an_archived_project_and_what_is_there_goes_on() {
    let (system, thread) = with_a_project().await;
    archive(&system, "web").await;
    let head = system.settle().await;
    let of_web = |body| with(body, &[("project_id", "web")]);
    for (path, body) in
        [(THREADS, question("After")), (RUNS, run_of(&["ada"], "standard")), (SESSIONS, session_of("ada"))]
    {
        let refused = system.apply(path, &of_web(body)).await;
        assert_eq!(refused.refusal(), (409, "project_archived".to_owned()), "{path}: {}", refused.body);
    }
    assert_eq!(system.settle().await, head, "no event");
    for table in ["runs", "sessions"] {
        assert_eq!(system.number(&format!("SELECT count(*) FROM {table}")).await, 0, "{table}");
    }
    for (path, body) in [("posts", json!({ "body": "still here" })), ("answer", json!({ "body": "yes" }))] {
        let taken = system.apply(&format!("{THREADS}/{thread}/{path}"), &of_web(body)).await;
        assert_eq!(taken.status, 200, "{path}: {}", taken.body);
    }
    assert_eq!(system.apply(THREADS, &question("Elsewhere")).await.status, 201);
    system.assert_at_rest().await;
}

// STORE-8
#[tokio::test]
async fn a_thread_accepted_before_its_project_is_archived_meets_the_state_it_finds() {
    let (system, _) = with_a_project().await;
    let body = with(question("Late"), &[("project_id", "web")]);
    let accepted = system.owner.post(&format!("{THREADS}?wait=0"), &body).await;
    assert_eq!(accepted.status, 202);
    archive(&system, "web").await;
    system.settle().await;
    let seen = system.owner.get(accepted.header("location")).await;
    assert_eq!(
        (seen.text("/status"), seen.text("/error/code")),
        ("rejected".to_owned(), "project_archived".to_owned())
    );
    assert_eq!(system.number("SELECT count(*) FROM threads WHERE title = 'Late'").await, 0);
    system.assert_at_rest().await;
}

// STORE-8: the decision and its commit lie apart, and the archiving may come between them
#[tokio::test]
async fn what_was_decided_while_a_project_was_open_is_not_committed_once_it_is_archived() {
    let (system, _) = with_a_project().await;
    let scope = Scope { team_id: "local".to_owned(), project_id: "web".to_owned() };
    let ctx = &system.harness.ctx;
    let decided = || Commit::new(Durability::Full, ctx.housekeeping("test")).then(tenants::still_open(&scope));
    ctx.store.commit(decided()).await.expect("it is open");
    archive(&system, "web").await;
    let late = ctx.store.commit(decided()).await;
    assert!(matches!(late, Err(CommitError::Guard(Guard::DecidedOn))), "{late:?}");
}
