//! Everything that can be refused is refused before a stream begins.

use reqwest::Method;
use tests::system::{Answer, Client, System, answer, question};
use tests::world::World;

const SOCKET: &str = "/api/v1/forum/stream";

/// A WebSocket handshake by hand; an empty value leaves a header out.
async fn handshake(client: &Client, path: &str, changes: &[(&str, &str)]) -> Answer {
    let mut headers = vec![
        ("connection", "upgrade"),
        ("upgrade", "websocket"),
        ("sec-websocket-version", "13"),
        ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="),
    ];
    headers.retain(|(name, _)| !changes.iter().any(|(changed, _)| changed == name));
    headers.extend(changes.iter().filter(|(_, value)| !value.is_empty()));
    let request = headers
        .into_iter()
        .fold(client.request(Method::GET, path), |request, (name, value)| request.header(name, value));
    answer(request).await
}

// LOG-8
#[tokio::test]
async fn wrong_upgrade_headers_are_400() {
    let system = System::stepped().await;
    assert_eq!(system.owner.get(SOCKET).await.refusal(), (400, "invalid_request".to_owned()));
    for change in [
        ("connection", "close"),
        ("upgrade", ""),
        ("upgrade", "h2c"),
        ("sec-websocket-version", ""),
        ("sec-websocket-version", "12"),
        ("sec-websocket-key", ""),
    ] {
        let refused = handshake(&system.owner, SOCKET, &[change]).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{change:?}");
        assert_eq!(refused.header("content-type"), "application/problem+json");
    }
}

// LOG-8, LOG-15
#[tokio::test]
async fn a_bad_value_is_refused_before_the_upgrade() {
    let system = System::stepped().await;
    system.opened(&question("One")).await;
    for (query, status, code) in [
        ("cursor=x", 400, "invalid_cursor"),
        ("cursor=-1", 400, "invalid_cursor"),
        ("cursor=2", 400, "cursor_ahead"),
        ("cursor=1-00000000", 410, "cursor_epoch"),
        ("limit=0", 400, "invalid_request"),
        ("limit=501", 400, "invalid_request"),
        ("limit=x", 400, "invalid_request"),
        ("types=Forum", 400, "invalid_request"),
    ] {
        let refused = handshake(&system.owner, &format!("{SOCKET}?{query}"), &[]).await;
        assert_eq!(refused.refusal(), (status, code.to_owned()), "{query}");
    }
    for (query, status, code) in [
        ("after=x", 400, "invalid_cursor"),
        ("after=2", 400, "cursor_ahead"),
        ("after=1-00000000", 410, "cursor_epoch"),
        ("types=*.x", 400, "invalid_request"),
    ] {
        let refused = system.owner.get(&format!("/api/v1/stream?{query}")).await;
        assert_eq!(refused.refusal(), (status, code.to_owned()), "{query}");
    }
    let resumed = system.owner.clone().with_header("last-event-id", "1-00000000");
    assert_eq!(resumed.get("/api/v1/stream?after=0").await.refusal(), (410, "cursor_epoch".to_owned()));
}

// LOG-8, AUTH-2
#[tokio::test]
async fn a_stream_without_a_key_is_401_and_with_another_method_405() {
    let system = System::stepped().await;
    let anonymous = Client::new(&system.harness.url);
    assert_eq!(handshake(&anonymous, SOCKET, &[]).await.refusal(), (401, "unauthenticated".to_owned()));
    assert_eq!(anonymous.get("/api/v1/stream").await.refusal(), (401, "unauthenticated".to_owned()));
    for method in [Method::POST, Method::PUT, Method::DELETE] {
        for path in [SOCKET, "/api/v1/stream"] {
            let refused = answer(system.owner.request(method.clone(), path)).await;
            assert_eq!(refused.refusal(), (405, "method_not_allowed".to_owned()), "{method} {path}");
        }
    }
}
