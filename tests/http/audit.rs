//! The audit trail: what is written to it, and how it is read.

use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::Time;
use shared::value::{Actor, ActorType, KeyScope};
use tests::system::{Client, KeyOf, NOON, System, question};
use tests::world::World;

const AUDIT: &str = "/api/v1/audit";
const KEYS: &str = "/api/v1/keys";
const THREADS: &str = "/api/v1/forum/threads";
const REFUSALS: &str = "SELECT actor_type, actor_name, action, subject, request_id, outcome FROM audit
    WHERE outcome <> 'ok' ORDER BY id";

/// Who is bound to this agent.
fn ann() -> Actor {
    Actor { actor_type: ActorType::Agent, actor_name: "ann".to_owned() }
}

/// Everything on the trail, page by page, newest first; `between` happens behind each page.
async fn pages(client: &Client, query: &str, between: impl AsyncFn()) -> Vec<Value> {
    let (mut seen, mut cursor) = (Vec::new(), String::new());
    loop {
        let page = client.get(&format!("{AUDIT}?{query}{cursor}")).await;
        assert_eq!(page.status, 200, "{}", page.body);
        seen.extend(page.list("/items").iter().cloned());
        let Some(next) = page.body["next_cursor"].as_str() else { return seen };
        cursor = format!("&cursor={next}");
        between().await;
    }
}

/// Actions of the entries that a query finds, newest first.
async fn actions(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("{AUDIT}{query}")).await;
    assert_eq!(list.status, 200, "{}", list.body);
    list.list("/items").iter().map(|item| item["action"].as_str().expect("an action").to_owned()).collect()
}

/// Opens a thread, and makes a key with this name.
async fn one_of_each(system: &System, name: &str) {
    assert_eq!(system.owner.post(&format!("{THREADS}?wait=0"), &question(name)).await.status, 202);
    system.advance(Duration::from_secs(1));
    let key = json!({ "name": name, "scopes": ["forum:read"] });
    assert_eq!(system.owner.post(KEYS, &key).await.status, 201);
    system.advance(Duration::from_secs(1));
}

// AUTH-11, AUTH-12, HTTP-6
#[tokio::test]
async fn what_is_refused_to_a_known_key_is_written_down_with_who_asked_for_what() {
    let system = System::stepped().await;
    system.client(KeyOf { team: "other", project: Some("far"), ..KeyOf::default() }).await;
    let bound =
        system.client(KeyOf { actor: Some(ann()), ..KeyOf::default() }).await.with_header("x-request-id", "ask-1");
    let named = system.client(KeyOf { name: "desk", ..KeyOf::default() }).await.with_header("x-request-id", "ask-2");
    assert_eq!(bound.delete(&format!("{KEYS}/key_1?x=secret")).await.refusal().1, "scope_denied");
    let mut body = question("No");
    body["project_id"] = json!("far");
    assert_eq!(named.post(THREADS, &body).await.refusal().1, "project_denied");
    let mut body = question("No");
    (body["actor_type"], body["actor_name"]) = (json!("human"), json!("bob"));
    assert_eq!(bound.post(THREADS, &body).await.refusal().1, "actor_mismatch");
    let threads = "POST /api/v1/forum/threads";
    assert_eq!(
        system.rows(REFUSALS).await,
        [
            ["agent", "ann", "DELETE /api/v1/keys/{key_id}", "/api/v1/keys/key_1", "ask-1", "scope_denied"],
            ["human", "desk", threads, THREADS, "ask-2", "project_denied"],
            ["agent", "ann", threads, THREADS, "ask-1", "actor_mismatch"],
        ]
    );
    let whose = system.rows("SELECT DISTINCT team_id, project_id FROM audit").await;
    assert_eq!(whose, [["local", "default"]]);
    let keys = "SELECT count(*) FROM audit AS a JOIN api_keys AS k ON k.key_id = a.key_id AND k.purpose = 'api'";
    assert_eq!(system.number(keys).await, 3);
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 0);
}

// AUTH-3, AUTH-12
#[tokio::test]
async fn a_key_that_no_longer_works_leaves_a_trace_and_a_stranger_none() {
    let system = System::stepped().await;
    let expires_at = Some(Time(NOON).plus(Duration::from_secs(60)));
    let old = system.client(KeyOf { name: "old", expires_at, ..KeyOf::default() }).await;
    let made = system.owner.post(KEYS, &json!({ "name": "lost", "scopes": ["forum:read"] })).await;
    let lost = Client::new(&system.harness.url).with_key(&made.text("/secret"));
    system.owner.delete(&format!("{KEYS}/{}", made.text("/key/key_id"))).await;
    system.advance(Duration::from_secs(60));
    assert_eq!(old.get(THREADS).await.refusal().1, "key_expired");
    assert_eq!(lost.get(THREADS).await.refusal().1, "key_revoked");
    let nobody = Client::new(&system.harness.url);
    assert_eq!(nobody.get(THREADS).await.status, 401);
    assert_eq!(nobody.with_key(&format!("afk_{}", "x".repeat(43))).get(THREADS).await.status, 403);
    assert_eq!(system.owner.get(&format!("{THREADS}/thr_x")).await.status, 404, "that is no refusal");
    let refused = system.rows("SELECT actor_name, outcome FROM audit WHERE outcome <> 'ok' ORDER BY id").await;
    assert_eq!(refused, [["old", "key_expired"], ["lost", "key_revoked"]]);
}

// AUTH-12
#[tokio::test]
async fn the_same_refusal_is_written_once_a_minute() {
    let system = System::stepped().await;
    let client = system.client(KeyOf::default()).await;
    let count = async || system.number("SELECT count(*) FROM audit").await;
    for n in 0..20 {
        let path = if n % 2 == 0 { KEYS.to_owned() } else { format!("{KEYS}?limit={n}") };
        assert_eq!(client.get(&path).await.status, 403);
    }
    assert_eq!(count().await, 1);
    assert_eq!(client.get(AUDIT).await.status, 403);
    assert_eq!(count().await, 2, "another route");
    let other = system.client(KeyOf::default()).await;
    assert_eq!(other.get(KEYS).await.status, 403);
    assert_eq!(count().await, 3, "another key");
    system.advance(Duration::from_secs(60));
    assert_eq!(client.get(KEYS).await.status, 403);
    assert_eq!(count().await, 4);
}

// AUTH-11, AUTH-12
#[tokio::test]
async fn the_trail_is_of_commands_and_of_everything_else_newest_first() {
    let system = System::stepped().await;
    let client = system.owner.clone().with_header("x-request-id", "ask-1");
    let opened = client.post(&format!("{THREADS}?wait=0"), &question("First")).await.text("/command/command_id");
    system.settle().await;
    system.advance(Duration::from_secs(1));
    let thread = opened.replace("cmd_", "thr_");
    client.post(&format!("{THREADS}/{thread}/close?wait=0"), &json!({})).await;
    client.post(&format!("{THREADS}/{thread}/posts?wait=0"), &json!({ "body": "late" })).await;
    system.settle().await;
    system.advance(Duration::from_secs(1));
    let key = client.post(KEYS, &json!({ "name": "ci", "scopes": ["forum:read"] })).await.text("/key/key_id");
    let list = system.owner.get(AUDIT).await;
    assert_eq!(list.body.get("next_cursor"), None);
    let items = list.list("/items");
    let said = items.iter().map(|item| json!([item["kind"], item["action"], item["outcome"], item["reason"]]));
    assert_eq!(
        said.collect::<Value>(),
        json!([
            ["audit", "keys.create", "ok", null],
            ["command", "add_post", "rejected", "thread_closed"],
            ["command", "close_thread", "applied", null],
            ["command", "open_thread", "applied", null],
        ])
    );
    let owner = system.rows("SELECT key_id FROM api_keys WHERE purpose = 'owner'").await[0][0].clone();
    let expected = json!({
        "id": opened, "at": "2026-01-31T12:00:00.000Z", "kind": "command", "actor_type": "human",
        "actor_name": "owner", "key_id": owner, "action": "open_thread", "subject": format!("thread/{thread}"),
        "project_id": "default", "request_id": "ask-1", "outcome": "applied",
    });
    assert_eq!(items[3], expected);
    let id = items[0]["id"].clone();
    let expected = json!({
        "id": id, "at": "2026-01-31T12:00:02.000Z", "kind": "audit", "actor_type": "human", "actor_name": "owner",
        "key_id": owner, "action": "keys.create", "subject": key, "request_id": "ask-1", "outcome": "ok",
    });
    assert_eq!(items[0], expected);
}

// AUTH-12, HTTP-5
#[tokio::test]
async fn pages_repeat_and_skip_nothing_while_the_trail_goes_on() {
    let system = System::stepped().await;
    for n in 0..4 {
        one_of_each(&system, &format!("n{n}")).await;
    }
    // Three direct writes in a row, so that one kind fills pages alone.
    for n in 0..3 {
        let key = json!({ "name": format!("more{n}"), "scopes": ["forum:read"] });
        assert_eq!(system.owner.post(KEYS, &key).await.status, 201);
    }
    let whole = system.owner.get(AUDIT).await.body["items"].clone();
    assert_eq!(whole.as_array().map(Vec::len), Some(11));
    for limit in [1, 2, 3, 10] {
        let paged = pages(&system.owner, &format!("limit={limit}"), async || {}).await;
        assert_eq!(json!(paged), whole, "{limit} a page");
    }
    let paged = pages(&system.owner, "limit=2", async || one_of_each(&system, "new").await).await;
    assert_eq!(json!(paged), whole, "what is new comes before the first page");
}

// AUTH-12
#[tokio::test]
async fn every_filter_must_match() {
    let system = System::stepped().await;
    one_of_each(&system, "a").await;
    let agent = system.client(KeyOf { actor: Some(ann()), ..KeyOf::default() }).await;
    assert_eq!(agent.post(&format!("{THREADS}?wait=0"), &question("By Ann")).await.status, 202);
    assert_eq!(agent.get(KEYS).await.status, 403);
    system.advance(Duration::from_secs(10));
    one_of_each(&system, "b").await;
    let owner = &system.owner;
    let refused = "GET /api/v1/keys";
    for query in ["?actor=ann", "?actor=agent:ann", "?actor=%20agent:ann"] {
        assert_eq!(actions(owner, query).await, [refused, "open_thread"], "{query}");
    }
    for query in ["?actor=human:ann", "?actor=agent", "?actor=an", "?action=open", "?actor=ann&action=keys.create"] {
        assert!(actions(owner, query).await.is_empty(), "{query}");
    }
    assert_eq!(actions(owner, "?action=open_thread").await, ["open_thread"; 3]);
    assert_eq!(actions(owner, "?action=open_thread&actor=ann").await, ["open_thread"]);
    assert_eq!(actions(owner, "?action=GET%20/api/v1/keys").await, [refused]);
    assert_eq!(actions(owner, "?since=2026-01-31T12:00:12Z").await, ["keys.create", "open_thread"]);
    assert_eq!(actions(owner, "?since=2026-01-31T13:00:13%2B01:00").await, ["keys.create"]);
    assert!(actions(owner, "?since=2026-02-01T00:00:00Z").await.is_empty());
    let malformed = owner.get(&format!("{AUDIT}?since=yesterday")).await;
    assert_eq!(malformed.refusal(), (400, "invalid_request".to_owned()));
    assert_eq!(malformed.body["errors"][0]["pointer"], "since");
    let cursor = owner.get(&format!("{AUDIT}?limit=1")).await.text("/next_cursor");
    let other = owner.get(&format!("{AUDIT}?limit=1&actor=ann&cursor={cursor}")).await;
    assert_eq!(other.refusal(), (400, "invalid_cursor".to_owned()), "of another list");
}

// AUTH-4, AUTH-12
#[tokio::test]
async fn a_trail_shows_its_own_team_and_project_only() {
    let system = System::stepped().await;
    one_of_each(&system, "mine").await;
    let of = |project| KeyOf { team: "crew", project, scopes: &[KeyScope::Admin], ..KeyOf::default() };
    let (one, two) = (system.client(of(Some("one"))).await, system.client(of(Some("two"))).await);
    let whole = system.client(of(None)).await;
    assert_eq!(one.post(&format!("{THREADS}?wait=0"), &question("One")).await.status, 202);
    system.advance(Duration::from_secs(1));
    assert_eq!(two.post(KEYS, &json!({ "name": "two", "scopes": ["forum:read"] })).await.status, 201);
    assert_eq!(actions(&one, "").await, ["open_thread"]);
    assert_eq!(actions(&two, "").await, ["keys.create"]);
    assert_eq!(actions(&whole, "").await, ["keys.create", "open_thread"]);
    assert_eq!(actions(&whole, "?project_id=one").await, ["open_thread"]);
    assert!(actions(&whole, "?project_id=default").await.is_empty());
    assert_eq!(one.get(&format!("{AUDIT}?project_id=two")).await.refusal(), (404, "not_found".to_owned()));
    // What a team does with a key of a project is in the project's trail.
    let key = json!({ "name": "one", "scopes": ["forum:read"], "project_id": "one" });
    let made = whole.post(KEYS, &key).await.text("/key/key_id");
    assert_eq!(whole.delete(&format!("{KEYS}/{made}")).await.status, 204);
    assert_eq!(actions(&one, "").await, ["keys.revoke", "keys.create", "open_thread"]);
    let scopes = &[KeyScope::ForumRead, KeyScope::MemoriesRead];
    let reader = system.client(KeyOf { scopes, ..KeyOf::default() }).await;
    assert_eq!(reader.get(AUDIT).await.refusal(), (403, "scope_denied".to_owned()));
}
