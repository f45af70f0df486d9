//! Requests without a key: on the machine of whoever develops with it, and where keys are asked for.

use shared::value::KeyScope;
use tests::system::{Client, KeyOf, Server, Setup, System, question, refused, rows_of};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";
const STREAM: &str = "/api/v1/forum/stream";

async fn trusting() -> System {
    Setup::stepped().set("auth.local_dev", "true").start().await
}

// AUTH-9
#[tokio::test]
async fn a_request_without_a_key_is_the_owners_where_the_settings_say_so() {
    let system = trusting().await;
    let bare = Client::new(&system.harness.url);
    assert_eq!(bare.get(THREADS).await.status, 200);
    assert_eq!(bare.get("/api/v1/keys").await.status, 200);
    assert_eq!(bare.post(&format!("{THREADS}?wait=0"), &question("Bare")).await.status, 202);
    let owner = system.rows("SELECT 'human:owner', key_id FROM api_keys WHERE purpose = 'owner'").await;
    assert_eq!(system.rows("SELECT actor, key_id FROM commands").await, owner);
    let port = system.harness.addr.port();
    for host in [format!("localhost:{port}"), format!("[::1]:{port}"), "127.0.0.1".to_owned()] {
        assert_eq!(bare.clone().with_header("host", &host).get(THREADS).await.status, 200, "{host}");
    }
}

// AUTH-9
#[tokio::test]
async fn what_came_through_a_proxy_or_by_another_name_needs_a_key() {
    let system = trusting().await;
    let bare = Client::new(&system.harness.url);
    for (name, value) in [
        ("forwarded", "for=127.0.0.1"),
        ("x-forwarded-for", "127.0.0.1"),
        ("x-forwarded-host", "localhost"),
        ("x-forwarded-proto", "http"),
        ("x-real-ip", "127.0.0.1"),
        ("host", "example.org"),
        ("host", "localhost.example.org:3001"),
    ] {
        let from_elsewhere = bare.clone().with_header(name, value);
        for path in [THREADS, "/api/v1/keys", "/api/v1/stream"] {
            let refused = from_elsewhere.get(path).await;
            assert_eq!(refused.refusal(), (401, "unauthenticated".to_owned()), "{path} {name}: {value}");
        }
        let write = from_elsewhere.post(THREADS, &question("No")).await;
        assert_eq!(write.refusal(), (401, "unauthenticated".to_owned()), "{name}: {value}");
        let keyed = system.owner.clone().with_header(name, value);
        assert_eq!(keyed.get(THREADS).await.status, 200, "with a key it is welcome: {name}");
    }
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 0);
}

// AUTH-9, HTTP-10
#[tokio::test]
async fn a_page_of_another_origin_is_not_the_owner() {
    let system = trusting().await;
    let bare = Client::new(&system.harness.url);
    for origin in ["https://example.org", "null", "http://127.0.0.1:1", "http://localhost"] {
        let page = bare.clone().with_header("origin", origin);
        // A WebSocket is opened with GET, and pages may open one anywhere.
        for path in [THREADS, STREAM] {
            assert_eq!(page.get(path).await.refusal(), (401, "unauthenticated".to_owned()), "{path} {origin}");
        }
        let write = page.post(THREADS, &question("No")).await;
        assert_eq!(write.refusal(), (403, "origin_denied".to_owned()), "{origin}");
    }
    let own = bare.with_header("origin", &system.harness.url);
    assert_eq!(own.get(THREADS).await.status, 200);
    assert_eq!(own.get(STREAM).await.refusal(), (400, "invalid_request".to_owned()), "no WebSocket, but let in");
    assert_eq!(own.post(&format!("{THREADS}?wait=0"), &question("Own")).await.status, 202);
}

// AUTH-2, AUTH-9
#[tokio::test]
async fn a_credential_that_is_shown_is_the_one_that_counts() {
    let system = trusting().await;
    let bare = Client::new(&system.harness.url);
    for (name, value) in [
        ("authorization", "Bearer afk_short"),
        ("authorization", "Basic dXNlcjpwYXNz"),
        ("x-api-key", "mine"),
        ("cookie", "agentforum_login=nothing"),
    ] {
        let refused = bare.clone().with_header(name, value).get(THREADS).await;
        assert_eq!(refused.refusal(), (401, "unauthenticated".to_owned()), "{name}: {value}");
    }
    let unknown = bare.clone().with_key(&format!("afk_{}", "x".repeat(43)));
    assert_eq!(unknown.get(THREADS).await.refusal(), (403, "key_unknown".to_owned()));
    let reader = system.client(KeyOf { scopes: &[KeyScope::ForumRead], ..KeyOf::default() }).await;
    assert_eq!(reader.post(THREADS, &question("No")).await.refusal(), (403, "scope_denied".to_owned()));
}

// AUTH-3, AUTH-9
#[tokio::test]
async fn without_an_owner_nobody_does_without_a_key() {
    let system = trusting().await;
    let bare = Client::new(&system.harness.url);
    let key = bare.get("/api/v1/keys").await.text("/items/0/key_id");
    assert_eq!(bare.delete(&format!("/api/v1/keys/{key}")).await.status, 204);
    assert_eq!(bare.get(THREADS).await.refusal(), (401, "unauthenticated".to_owned()));
}

// AUTH-10, CONFIG-2
#[tokio::test]
async fn where_keys_are_asked_for_nobody_can_be_let_in_without_one() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = directory.path().join("state").join("agentforum.db");
    for flags in [["--auth-mode", "keys"], ["--addr", "0.0.0.0:0"]] {
        let ended = refused(&database, &[&["--auth-local-dev", "true"][..], &flags].concat()).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{flags:?}: {}", ended.stderr);
        assert!(ended.stderr.contains("auth.local_dev"), "{}", ended.stderr);
    }
    assert!(!database.exists());
}

// AUTH-10
#[tokio::test]
async fn a_system_that_asks_for_keys_makes_none_by_itself() {
    let directory = tempfile::tempdir().expect("a directory");
    let database = directory.path().join("state").join("agentforum.db");
    let flags = ["--addr", "127.0.0.1:0", "--json", "--auth-mode", "keys"];
    let server = Server::start_with(&database, &flags).await;
    let refused = Client::new(&server.url()).get(THREADS).await;
    assert_eq!(refused.refusal(), (401, "unauthenticated".to_owned()));
    let made = "SELECT (SELECT count(*) FROM teams), (SELECT count(*) FROM projects), (SELECT count(*) FROM api_keys)";
    assert_eq!(rows_of(&database, made).await, [[0, 0, 0]]);
    assert!(!database.with_file_name("local.key").exists());
    server.kill().await;
}
