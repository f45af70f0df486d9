//! What is called the same in two tenants never meets.

use reqwest::Method;
use serde_json::{Value, json};
use shared::value::KeyScope;
use tests::runs::{RUNS, run_of};
use tests::sessions::{OBSERVATIONS, SESSIONS, check, seen};
use tests::system::{Answer, Client, KeyOf, System, answer};
use tests::world::World;

/// A project of a team, and who works there.
struct Tenant {
    client: Client,
    team: &'static str,
    project: &'static str,
}

/// The same person in two teams, and another one in a second project of the first: idempotency keys are a person's in a
/// team.
const TENANTS: [(&str, &str, &str); 3] = [("crew", "one", "ada"), ("rivals", "far", "ada"), ("crew", "two", "eve")];

/// Sends a request under an idempotency key that it has not been sent under; answers with what became of it.
async fn fresh(system: &System, client: &Client, path: &str, key: &str, body: &Value) -> Answer {
    let send = || async {
        let request = client.request(Method::POST, path).header("idempotency-key", key);
        answer(request.header("prefer", "respond-async").json(body)).await
    };
    let accepted = send().await;
    assert_eq!((accepted.status.as_u16(), accepted.header("idempotent-replayed")), (202, ""), "{}", accepted.body);
    system.settle().await;
    let done = send().await;
    assert_eq!((done.status.is_success(), done.header("idempotent-replayed")), (true, "true"), "{}", done.body);
    done
}

/// Begins what can be begun, each time under the same names; what is said differs from tenant to tenant.
async fn work(system: &System, tenant: &Tenant) {
    let Tenant { client, project, .. } = tenant;
    let started = fresh(system, client, RUNS, "key-1", &run_of(&["ada"], "standard")).await;
    assert_eq!(started.text("/run/project_id"), *project);
    let session = json!({ "external_session_id": "ext-1", "run_id": started.text("/run/run_id"), "agent_name": "ada" });
    let session = fresh(system, client, SESSIONS, "key-2", &session).await;
    assert_eq!((session.status.as_u16(), session.text("/session/session_id")), (201, format!("{project}-1")));
    let mut pull_request = seen(&session.text("/session/session_id"), check("c1", "failed"));
    pull_request["title"] = json!(project);
    let observed = fresh(system, client, OBSERVATIONS, "key-3", &pull_request).await;
    assert_eq!(observed.text("/pull_request/title"), *project);
    let event = json!({
        "event_type": "note", "occurred_at": "2026-01-31T11:59:00Z", "source_adapter": "codex",
        "source_event_id": "e-1", "payload": { "text": project },
    });
    let event = fresh(system, client, "/api/v1/agent-events", "key-4", &event).await;
    assert_eq!((event.status.as_u16(), event.text("/event/payload/text")), (201, (*project).to_owned()));
    let asked = json!({ "title": "Which way", "body": project, "ticket": "RUN-1" });
    let asked = fresh(system, client, "/api/v1/forum/threads", "key-5", &asked).await;
    assert_eq!(asked.text("/thread/project_id"), *project);
}

/// How everything stands in a project.
async fn stands(system: &System, tenant: &Tenant) -> Vec<Vec<Value>> {
    let (mut rows, Tenant { team, project, .. }) = (Vec::new(), tenant);
    for table in ["runs", "sessions", "pull_requests", "pr_checks", "agent_events", "jobs", "threads", "events"] {
        let of = format!("team_id = '{team}' AND project_id = '{project}'");
        let sql = format!("SELECT * FROM {table} WHERE {of} ORDER BY 1, 2, 3");
        rows.extend(system.rows(&sql).await);
    }
    rows
}

// STORE-7, CMD-5, MEMORY-2, SESSION-2, PR-1
#[tokio::test]
async fn equal_names_in_two_tenants_never_meet() {
    let system = System::stepped().await;
    let scopes = &[KeyScope::ForumRead, KeyScope::ForumWrite, KeyScope::MemoriesRead, KeyScope::MemoriesWrite];
    let mut tenants = Vec::new();
    for (team, project, name) in TENANTS {
        let key = KeyOf { name, team, project: Some(project), scopes, ..KeyOf::default() };
        let tenant = Tenant { client: system.client(key).await, team, project };
        work(&system, &tenant).await;
        tenants.push(tenant);
    }
    for (table, name) in [
        ("runs", "title || tickets"),
        ("sessions", "external_session_id"),
        ("pull_requests", "url"),
        ("pr_checks", "url || name || \"commit\""),
        ("agent_events", "source_adapter || source_event_id"),
        ("threads WHERE kind = 'question'", "ticket || title"),
    ] {
        let sql = format!("SELECT count(*), count(DISTINCT {name}), count(DISTINCT project_id) FROM {table}");
        assert_eq!(json!(system.rows(&sql).await), json!([[3, 1, 3]]), "{table}");
    }
    let jobs = "SELECT count(*), count(DISTINCT job_id) FROM jobs WHERE kind = 'event'";
    assert_eq!(json!(system.rows(jobs).await), json!([[3, 3]]));

    // What goes on in one of them is not the others'.
    let (first, others) = tenants.split_first().expect("three tenants");
    let mut before = Vec::new();
    for other in others {
        before.push(stands(&system, other).await);
    }
    let merged = seen("one-1", json!({ "state": "merged" }));
    let merged = fresh(&system, &first.client, OBSERVATIONS, "key-6", &merged).await;
    assert_eq!(merged.text("/pull_request/state"), "merged");
    let told = json!({ "external_session_id": "ext-1", "prompt": "Only here" });
    let known = fresh(&system, &first.client, SESSIONS, "key-7", &told).await;
    assert_eq!((known.status.as_u16(), known.text("/session/session_id")), (200, "one-1".to_owned()));
    for (other, before) in others.iter().zip(before) {
        assert_eq!(stands(&system, other).await, before, "{}", other.project);
    }
    system.assert_at_rest().await;
}
