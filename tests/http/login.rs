//! The login link and its cookie, and which web pages may write with it.

use std::time::Duration;

use shared::value::KeyScope;
use tests::system::{Client, KeyOf, System, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads?wait=0";

fn path_of(system: &System) -> String {
    let link = system.harness.login_url.clone().expect("a local system prints a link");
    link.strip_prefix(&system.harness.url).expect("a link to the server").to_owned()
}

/// Logs in; answers with a client that has nothing but the cookie.
async fn log_in(system: &System) -> (Client, String) {
    let browser = Client::new(&system.harness.url);
    let answer = browser.get(&path_of(system)).await;
    assert_eq!((answer.status.as_u16(), answer.header("location")), (303, "/"));
    let cookie = answer.header("set-cookie").to_owned();
    let pair = cookie.split(';').next().expect("a pair").to_owned();
    (browser.with_header("cookie", &pair), cookie)
}

// AUTH-8
#[tokio::test]
async fn a_login_link_works_once_and_gives_a_strict_cookie() {
    let system = System::stepped().await;
    let (browser, cookie) = log_in(&system).await;
    let attributes: Vec<_> = cookie.split("; ").skip(1).collect();
    assert_eq!(attributes, ["Path=/", "HttpOnly", "SameSite=Strict", "Max-Age=43200"]);
    assert!(cookie.starts_with("agentforum_login=afk_"));
    assert_eq!(browser.get("/api/v1/forum/threads").await.status, 200);
    let again = Client::new(&system.harness.url).get(&path_of(&system)).await;
    assert_eq!(again.refusal(), (403, "login_denied".to_owned()));
    assert_eq!(again.header("set-cookie"), "");
    let made_up = browser.get("/login?token=made-up").await;
    assert_eq!(made_up.refusal(), (403, "login_denied".to_owned()));
    assert_eq!(browser.get("/login").await.refusal(), (403, "login_denied".to_owned()));
}

// AUTH-8
#[tokio::test]
async fn a_login_link_is_good_for_ten_minutes() {
    let system = System::stepped().await;
    system.advance(Duration::from_secs(600));
    let late = Client::new(&system.harness.url).get(&path_of(&system)).await;
    assert_eq!(late.refusal(), (403, "login_denied".to_owned()));
}

// AUTH-8
#[tokio::test]
async fn a_cookie_is_good_for_twelve_hours() {
    let system = System::stepped().await;
    system.advance(Duration::from_millis(599_999));
    let (browser, _) = log_in(&system).await;
    system.advance(Duration::from_secs(12 * 3600 - 1));
    assert_eq!(browser.get("/api/v1/forum/threads").await.status, 200);
    system.advance(Duration::from_secs(1));
    assert_eq!(browser.get("/api/v1/forum/threads").await.refusal(), (403, "key_expired".to_owned()));
}

// AUTH-8, HTTP-10
#[tokio::test]
async fn a_write_with_a_cookie_needs_the_servers_own_origin() {
    let system = System::stepped().await;
    let (browser, _) = log_in(&system).await;
    assert_eq!(browser.post(THREADS, &question("No origin")).await.refusal(), (403, "origin_denied".to_owned()));
    for origin in ["https://example.org", "null", "http://127.0.0.1:1", "http://localhost"] {
        let foreign = browser.clone().with_header("origin", origin).post(THREADS, &question("Foreign")).await;
        assert_eq!(foreign.refusal(), (403, "origin_denied".to_owned()), "{origin}");
    }
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 0);
    let own = browser.with_header("origin", &system.harness.url);
    assert_eq!(own.post(THREADS, &question("Own")).await.status, 202);
    assert_eq!(system.rows("SELECT actor FROM commands").await, [["human:owner"]]);
}

// HTTP-10
#[tokio::test]
async fn a_write_with_a_key_needs_no_origin_but_must_not_show_a_foreign_one() {
    let system = System::stepped().await;
    assert_eq!(system.owner.post(THREADS, &question("None")).await.status, 202);
    let foreign = system.owner.clone().with_header("origin", "https://example.org");
    assert_eq!(foreign.post(THREADS, &question("Foreign")).await.refusal(), (403, "origin_denied".to_owned()));
    assert_eq!(foreign.delete("/api/v1/keys/key_x").await.refusal(), (403, "origin_denied".to_owned()));
    assert_eq!(foreign.get("/api/v1/forum/threads").await.status, 200);
}

// AUTH-8
#[tokio::test]
async fn logging_out_ends_the_cookie() {
    let system = System::stepped().await;
    let (browser, _) = log_in(&system).await;
    let same = browser.clone().with_header("origin", &system.harness.url);
    let out = same.post("/logout", &serde_json::json!({})).await;
    assert_eq!(out.status, 303);
    assert!(out.header("set-cookie").contains("Max-Age=0"), "{}", out.header("set-cookie"));
    assert_eq!(browser.get("/api/v1/forum/threads").await.refusal(), (403, "key_revoked".to_owned()));
}

// AUTH-8, AUTH-12
#[tokio::test]
async fn only_the_owners_key_of_a_local_system_makes_another_login_link() {
    let system = System::stepped().await;
    let made = system.owner.post("/api/v1/login-links", &serde_json::json!({})).await;
    assert_eq!((made.status.as_u16(), made.text("/expires_at")), (201, "2026-01-31T12:10:00.000Z".to_owned()));
    let path = made.text("/path");
    assert_eq!(Client::new(&system.harness.url).get(&path).await.status, 303);
    let again = Client::new(&system.harness.url).get(&path).await;
    assert_eq!(again.refusal(), (403, "login_denied".to_owned()));
    assert_eq!(
        system.rows("SELECT action, actor_type, outcome FROM audit").await,
        [["login_links.create", "human", "ok"]]
    );
    let token = path.strip_prefix("/login?token=").expect("a token");
    let everything = system.rows("SELECT token_hash FROM login_tokens UNION ALL SELECT subject FROM audit").await;
    assert!(!serde_json::json!(everything).to_string().contains(token), "the token itself is stored nowhere");

    let admin = system.client(KeyOf { scopes: &[KeyScope::Admin], project: None, ..KeyOf::default() }).await;
    let (browser, _) = log_in(&system).await;
    let browser = browser.with_header("origin", &system.harness.url);
    for other in [admin, browser] {
        let refused = other.post("/api/v1/login-links", &serde_json::json!({})).await;
        assert_eq!(refused.refusal(), (403, "scope_denied".to_owned()));
    }
    assert_eq!(system.number("SELECT count(*) FROM login_tokens").await, 2);
}
