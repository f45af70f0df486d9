//! API keys: what is refused, what expires, what is shown, and what lies on disk.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use serde_json::{Value, json};
use shared::auth::hash_of;
use shared::clock::Time;
use shared::value::KeyScope;
use tests::system::{Client, KeyOf, NOON, System, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";
const KEYS: &str = "/api/v1/keys";

// AUTH-2
#[tokio::test]
async fn no_credential_or_a_malformed_one_is_401_with_a_challenge() {
    let system = System::stepped().await;
    let anonymous = Client::new(&system.harness.url);
    let almost = format!("Bearer afk_{}", "x".repeat(42));
    for (name, value) in [
        ("accept", "*/*"),
        ("authorization", "Bearer"),
        ("authorization", "Bearer afk_short"),
        ("authorization", "Basic dXNlcjpwYXNz"),
        ("authorization", &almost),
        ("x-api-key", "afk_!!!"),
        ("cookie", "agentforum_login=nothing"),
    ] {
        for path in [THREADS, "/api/v1/info", KEYS, "/api/v1/stream", "/api/v1/commands/cmd_x"] {
            let refused = anonymous.clone().with_header(name, value).get(path).await;
            assert_eq!(refused.refusal(), (401, "unauthenticated".to_owned()), "{path} {name}: {value}");
            assert_eq!(refused.header("www-authenticate"), "Bearer realm=\"agentforum\"");
        }
    }
    let write = anonymous.post(THREADS, &question("No")).await;
    assert_eq!(write.refusal(), (401, "unauthenticated".to_owned()));
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 0);
}

// AUTH-2
#[tokio::test]
async fn unknown_and_under_scoped_keys_are_403() {
    let system = System::stepped().await;
    let unknown = Client::new(&system.harness.url).with_key(&format!("afk_{}", "x".repeat(43)));
    assert_eq!(unknown.get(THREADS).await.refusal(), (403, "key_unknown".to_owned()));
    let reader = system.client(KeyOf { scopes: &[KeyScope::ForumRead], ..KeyOf::default() }).await;
    assert_eq!(reader.get(THREADS).await.status, 200);
    assert_eq!(reader.post(THREADS, &question("No")).await.refusal(), (403, "scope_denied".to_owned()));
    let writer = system.client(KeyOf { scopes: &[KeyScope::ForumWrite], ..KeyOf::default() }).await;
    assert_eq!(writer.get(THREADS).await.refusal(), (403, "scope_denied".to_owned()));
    assert_eq!(writer.post(&format!("{THREADS}?wait=0"), &question("Yes")).await.status, 202);
    let memories = system.client(KeyOf { scopes: &[KeyScope::MemoriesWrite], ..KeyOf::default() }).await;
    assert_eq!(memories.get("/api/v1/forum/events").await.refusal(), (403, "scope_denied".to_owned()));
    for (client, name) in [(&reader, "reader"), (&writer, "writer"), (&memories, "memories")] {
        assert_eq!(client.get(KEYS).await.refusal(), (403, "scope_denied".to_owned()), "{name}");
        let made = client.post(KEYS, &json!({ "name": "n", "scopes": ["admin"] })).await;
        assert_eq!(made.refusal(), (403, "scope_denied".to_owned()), "{name}");
    }
}

// AUTH-3
#[tokio::test]
async fn a_key_stops_working_the_moment_it_expires() {
    let system = System::stepped().await;
    let expires_at = Some(Time(NOON).plus(Duration::from_secs(60)));
    let client = system.client(KeyOf { expires_at, ..KeyOf::default() }).await;
    system.advance(Duration::from_millis(59_999));
    assert_eq!(client.get(THREADS).await.status, 200);
    system.advance(Duration::from_millis(1));
    assert_eq!(client.get(THREADS).await.refusal(), (403, "key_expired".to_owned()));
}

// AUTH-1, AUTH-2, AUTH-3
#[tokio::test]
async fn a_key_is_shown_once_works_in_both_headers_and_not_after_its_revocation() {
    let system = System::stepped().await;
    let wish = json!({ "name": " ci ", "scopes": ["forum:read", "FORUM:WRITE"], "project_id": "default",
        "actor": { "actor_type": "agent", "actor_name": "ci" }, "expires_at": "2026-02-01T00:00:00Z" });
    let made = system.owner.post(KEYS, &wish).await;
    assert_eq!(made.status, 201, "{}", made.body);
    let secret = made.text("/secret");
    assert!(secret.starts_with("afk_") && secret.len() == 47);
    assert_eq!(made.text("/key/name"), "ci");
    let id = made.text("/key/key_id");

    let listed = system.owner.get(KEYS).await;
    assert_eq!(listed.list("/items").iter().filter(|key| key["key_id"] == id).count(), 1);
    let shown = listed.body.to_string();
    assert!(!shown.contains(&secret) && !shown.contains(&hash_of(&secret)), "{shown}");
    let stored = system.rows(&format!("SELECT secret_hash FROM api_keys WHERE key_id = '{id}'")).await;
    assert_eq!(stored, [[Value::from(hash_of(&secret))]]);

    let bare = Client::new(&system.harness.url);
    let keyed = [bare.clone().with_key(&secret), bare.with_header("x-api-key", &secret)];
    for client in &keyed {
        assert_eq!(client.post(&format!("{THREADS}?wait=0"), &question("By key")).await.status, 202);
    }
    assert_eq!(system.rows("SELECT DISTINCT actor, key_id FROM commands").await, [["agent:ci", id.as_str()]]);

    let revoke = format!("{KEYS}/{id}");
    assert_eq!(system.owner.delete(&revoke).await.status, 204);
    for client in &keyed {
        assert_eq!(client.get(THREADS).await.refusal(), (403, "key_revoked".to_owned()));
    }
    assert_eq!(system.owner.delete(&revoke).await.refusal(), (404, "not_found".to_owned()));
    let trail = system.rows("SELECT action, subject, outcome FROM audit WHERE outcome = 'ok' ORDER BY id").await;
    assert_eq!(trail, [["keys.create", id.as_str(), "ok"], ["keys.revoke", id.as_str(), "ok"]]);
}

// AUTH-1
#[tokio::test]
async fn a_key_that_makes_no_sense_is_refused_field_by_field() {
    let system = System::stepped().await;
    for (wish, pointer) in [
        (json!({ "scopes": ["admin"] }), "/name"),
        (json!({ "name": "n" }), "/scopes"),
        (json!({ "name": "n", "scopes": ["root"] }), "/scopes/0"),
        (json!({ "name": "n", "scopes": ["admin"], "expires_at": "2026-01-31T12:00:00Z" }), "/expires_at"),
        (json!({ "name": "n", "scopes": ["admin"], "secret": "mine" }), "/secret"),
        (json!({ "name": "n", "scopes": ["admin"], "rate_limit": 0 }), "/rate_limit"),
        (json!({ "name": "n", "scopes": ["admin"], "rate_limit": 100_001 }), "/rate_limit"),
        (json!({ "name": "n", "scopes": ["admin"], "rate_limit": -1 }), "/rate_limit"),
        (
            json!({ "name": "n", "scopes": ["admin"], "actor": { "actor_type": "system", "actor_name": "x" } }),
            "/actor/actor_type",
        ),
    ] {
        let refused = system.owner.post(KEYS, &wish).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{wish}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer);
    }
    assert_eq!(system.owner.get(KEYS).await.list("/items").len(), 1, "the owner's alone");
}

// AUTH-4, AUTH-6
#[tokio::test]
async fn a_project_key_sees_makes_and_revokes_keys_of_its_project_only() {
    let system = System::stepped().await;
    let admin = KeyOf { team: "crew", project: Some("one"), scopes: &[KeyScope::Admin], ..KeyOf::default() };
    let one = system.client(admin.clone()).await;
    let two = system.client(KeyOf { project: Some("two"), ..admin.clone() }).await;
    let whole = system.client(KeyOf { project: None, ..admin }).await;
    let made = one.post(KEYS, &json!({ "name": "mine", "scopes": ["forum:read"] })).await;
    assert_eq!(made.text("/key/project_id"), "one");
    let foreign = one.post(KEYS, &json!({ "name": "x", "scopes": ["admin"], "project_id": "two" })).await;
    assert_eq!(foreign.refusal(), (403, "project_denied".to_owned()));
    let count = async |client: &Client| client.get(KEYS).await.list("/items").len();
    assert_eq!((count(&one).await, count(&two).await, count(&whole).await), (2, 1, 4));
    let path = format!("{KEYS}/{}", made.text("/key/key_id"));
    assert_eq!(two.delete(&path).await.refusal(), (404, "not_found".to_owned()));
    assert_eq!(system.owner.delete(&path).await.refusal(), (404, "not_found".to_owned()));
    assert_eq!(whole.delete(&path).await.status, 204);
}

// AUTH-1, AUTH-3, AUTH-12
#[tokio::test]
async fn a_rotated_key_is_replaced_by_one_like_it_in_the_same_moment() {
    let system = System::stepped().await;
    let wish = json!({ "name": "ci", "scopes": ["forum:read"], "project_id": "default", "rate_limit": 50,
        "actor": { "actor_type": "agent", "actor_name": "ci" }, "expires_at": "2026-02-01T00:00:00Z" });
    let old = system.owner.post(KEYS, &wish).await;
    let id = old.text("/key/key_id");
    let path = format!("{KEYS}/{id}/rotate");
    system.advance(Duration::from_secs(60));
    let new = system.owner.post(&path, &json!({})).await;
    assert_eq!(new.status, 201, "{}", new.body);
    let (mut before, after) = (old.body["key"].clone(), new.body["key"].clone());
    assert_ne!(before["key_id"], after["key_id"]);
    assert_eq!(after["created_at"], "2026-01-31T12:01:00.000Z");
    for differs in ["key_id", "created_at"] {
        before[differs] = after[differs].clone();
    }
    assert_eq!(before, after, "the same in everything else");

    let client_with = |secret: String| Client::new(&system.harness.url).with_key(&secret);
    assert_eq!(client_with(new.text("/secret")).get(THREADS).await.status, 200);
    assert_eq!(client_with(old.text("/secret")).get(THREADS).await.refusal(), (403, "key_revoked".to_owned()));
    assert_eq!(system.owner.post(&path, &json!({})).await.refusal(), (404, "not_found".to_owned()), "only once");
    let trail = "SELECT subject, project_id, reason FROM audit WHERE action = 'keys.rotate'";
    let reason = format!("replaced by {}", new.text("/key/key_id"));
    assert_eq!(system.rows(trail).await, [[id.as_str(), "default", reason.as_str()]]);
    assert_eq!(system.number("SELECT count(*) FROM api_keys WHERE name = 'ci' AND revoked_at IS NULL").await, 1);
}

// AUTH-3, AUTH-4
#[tokio::test]
async fn a_foreign_an_expired_and_the_owners_key_are_not_rotated() {
    let system = System::stepped().await;
    let admin = KeyOf { team: "crew", project: Some("one"), scopes: &[KeyScope::Admin], ..KeyOf::default() };
    let one = system.client(admin.clone()).await;
    let two = system.client(KeyOf { project: Some("two"), ..admin }).await;
    let wish = json!({ "name": "mine", "scopes": ["forum:read"], "expires_at": "2026-01-31T12:00:10Z" });
    let made = one.post(KEYS, &wish).await;
    let path = format!("{KEYS}/{}/rotate", made.text("/key/key_id"));
    for foreign in [&two, &system.owner] {
        assert_eq!(foreign.post(&path, &json!({})).await.refusal(), (404, "not_found".to_owned()));
    }
    let reader = Client::new(&system.harness.url).with_key(&made.text("/secret"));
    assert_eq!(reader.post(&path, &json!({})).await.refusal(), (403, "scope_denied".to_owned()));
    system.advance(Duration::from_secs(10));
    assert_eq!(one.post(&path, &json!({})).await.refusal(), (404, "not_found".to_owned()), "it has expired");
    let owner = system.owner.get(KEYS).await.text("/items/0/key_id");
    let rotate = system.owner.post(&format!("{KEYS}/{owner}/rotate"), &json!({})).await;
    assert_eq!(rotate.refusal(), (404, "not_found".to_owned()), "the owner's lies in a file");
    assert_eq!(system.number("SELECT count(*) FROM api_keys WHERE revoked_at IS NOT NULL").await, 0);
}

// AUTH-7, SEC-3
#[tokio::test]
async fn everything_on_disk_is_closed_to_others() {
    let system = System::running().await;
    assert_eq!(system.owner.post(THREADS, &question("Private")).await.status, 201);
    let mode = |path: &std::path::Path| std::fs::metadata(path).expect("it is there").permissions().mode() & 0o777;
    assert_eq!(mode(&system.state()), 0o700);
    let mut found = Vec::new();
    for entry in std::fs::read_dir(system.state()).expect("a directory") {
        let path = entry.expect("an entry").path();
        let name = path.file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
        if name != ".gitignore" {
            assert_eq!(mode(&path), 0o600, "{name}");
        }
        found.push(name);
    }
    for name in ["agentforum.db", "local.key", "server.pid", "server.port", "server.runtime.json", ".gitignore"] {
        assert!(found.iter().any(|found| found == name), "{name} is missing from {found:?}");
    }
    let secret = std::fs::read_to_string(system.state().join("local.key")).expect("the owner's key");
    let setup = system.stop().await;
    let again = setup.start().await;
    assert_eq!(std::fs::read_to_string(again.state().join("local.key")).expect("the owner's key"), secret);
    again.stop().await;
}
