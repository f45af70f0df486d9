//! What is too deep, too long or too much, and what has signs in it that nobody can see.

use reqwest::Method;
use serde_json::{Value, json};
use tests::system::{Client, System, answer, question};
use tests::world::World;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

const THREADS: &str = "/api/v1/forum/threads";

/// Sends these bytes and reads until the server closes the connection.
async fn raw(system: &System, bytes: &[u8]) -> String {
    let mut connection = TcpStream::connect(system.harness.addr).await.expect("a connection");
    connection.write_all(bytes).await.expect("the bytes");
    let mut answer = Vec::new();
    connection.read_to_end(&mut answer).await.expect("the server closes the connection");
    String::from_utf8_lossy(&answer).into_owned()
}

// SEC-7
#[tokio::test]
async fn json_is_at_most_64_deep() {
    let system = System::stepped().await;
    let nested = |depth: usize| format!("{{\"title\":{}{}}}", "[".repeat(depth - 1), "]".repeat(depth - 1));
    for (depth, pointer) in [(64, "/title"), (65, ""), (100_000, "")] {
        let request = system.owner.request(Method::POST, THREADS).header("content-type", "application/json");
        let refused = answer(request.body(nested(depth))).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{depth}");
        assert_eq!(refused.text("/errors/0/pointer"), pointer, "{depth}");
    }
    // Brackets in a text are no depth.
    let mut body = question("Q");
    body["body"] = "[{\"".repeat(100).into();
    assert_eq!(system.owner.post(&format!("{THREADS}?wait=0"), &body).await.status, 202);
}

// HTTP-1, SEC-6
#[tokio::test]
async fn what_follows_the_json_or_is_no_utf_8_is_refused() {
    let system = System::stepped().await;
    let whole = question("Q").to_string();
    let twice = format!("{whole}{whole}").into_bytes();
    let junk = format!("{whole} x").into_bytes();
    let bad = whole.replace('Q', "\u{1}").into_bytes().into_iter().map(|byte| if byte == 1 { 0xff } else { byte });
    for body in [twice, junk, bad.collect()] {
        let request = system.owner.request(Method::POST, THREADS).header("content-type", "application/json");
        let refused = answer(request.body(body)).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()));
        assert_eq!(refused.text("/errors/0/pointer"), "");
    }
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 0);
}

// SEC-7
#[tokio::test]
async fn a_head_that_is_too_long_is_refused_and_its_connection_closed() {
    let system = System::stepped().await;
    // Just as much as is read of a head, and it has not come to its end.
    let mut long = b"GET /".to_vec();
    long.resize(16 * 1024, b'a');
    let mut header = b"GET / HTTP/1.1\r\nHost: here\r\nX: ".to_vec();
    header.resize(16 * 1024, b'a');
    let many = format!("GET / HTTP/1.1\r\nHost: here\r\n{}\r\n", "A: b\r\n".repeat(100)).into_bytes();
    for (what, head) in [("the address", long), ("a header", header), ("the number of headers", many)] {
        let answer = raw(&system, &head).await;
        assert!(answer.starts_with("HTTP/1.1 431 "), "{what}: {answer}");
    }
    let rest = "A: b\r\n".repeat(98);
    let fits = format!("GET /healthz HTTP/1.1\r\nHost: here\r\nConnection: close\r\n{rest}\r\n");
    assert!(raw(&system, fits.as_bytes()).await.starts_with("HTTP/1.1 200 "));
}

/// The operations of the description: method, path, whether it is a stream of events, names of the query's parameters.
fn operations() -> Vec<(Method, String, bool, Vec<String>)> {
    let document: Value = serde_json::from_str(&api_http::document()).expect("JSON");
    let mut found = Vec::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        for (method, operation) in item.as_object().expect("operations") {
            let method: Method = method.to_uppercase().parse().expect("a method");
            let streams = operation["responses"]["200"]["content"].get("text/event-stream").is_some();
            let parameters = operation["parameters"].as_array().into_iter().flatten();
            let names = parameters.filter(|parameter| parameter["in"] == "query");
            let names = names.filter_map(|parameter| parameter["name"].as_str()).map(str::to_owned).collect();
            found.push((method, path.clone(), streams, names));
        }
    }
    found
}

// SEC-6
#[tokio::test]
async fn a_nul_in_a_path_is_no_thing() {
    let system = System::stepped().await;
    let mut asked = 0;
    for (method, path, _, _) in operations().iter().filter(|(_, path, _, _)| path.contains('{')) {
        let (before, rest) = path.split_once('{').expect("a parameter");
        let (_, after) = rest.split_once('}').expect("its end");
        for nul in ["%00", "a%00b", "thr_%00", "local-1%00"] {
            let request = system.owner.request(method.clone(), &format!("{before}{nul}{after}"));
            let request = if *method == Method::POST { request.json(&json!({})) } else { request };
            let refused = answer(request).await;
            assert!([400, 404].contains(&refused.status.as_u16()), "{method} {path} {nul}: {}", refused.body);
            assert_eq!(refused.header("content-type"), "application/problem+json", "{method} {path} {nul}");
            asked += 1;
        }
    }
    assert!(asked > 100, "{asked}");
}

// SEC-6
#[tokio::test]
async fn a_nul_in_a_query_finds_nothing() {
    let system = System::stepped().await;
    let mut asked = 0;
    let reads = operations()
        .into_iter()
        .filter(|(method, path, streams, _)| *method == Method::GET && !path.contains('{') && !streams);
    for (_, path, _, names) in reads {
        for name in names {
            let found = system.owner.get(&format!("{path}?{name}=%00")).await;
            assert!([200, 400, 404].contains(&found.status.as_u16()), "{path}?{name}: {}", found.body);
            asked += 1;
        }
    }
    assert!(asked > 50, "{asked}");
}

// SEC-6
#[tokio::test]
async fn control_characters_are_refused_in_names_and_removed_from_bodies() {
    let system = System::stepped().await;
    for name in ["title", "ticket", "agent_name", "assignee", "actor_name"] {
        for sign in ['\0', '\u{1b}', '\n', '\u{7f}', '\u{85}'] {
            let mut body = question("Q");
            body["actor_type"] = "human".into();
            body["actor_name"] = "h".into();
            body[name] = format!("a{sign}b").into();
            let refused = system.owner.post(THREADS, &body).await;
            assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{name} {sign:?}");
            assert_eq!(refused.text("/errors/0/pointer"), format!("/{name}"));
        }
    }
    let key = system.owner.post("/api/v1/keys", &json!({ "name": "a\0b", "scopes": ["forum:read"] })).await;
    assert_eq!(key.refusal(), (400, "invalid_request".to_owned()));
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 0);
    let mut body = question("Q");
    body["body"] = "a\0b\u{1b}c\td\ne\r\u{85}".into();
    system.opened(&body).await;
    assert_eq!(system.rows("SELECT body FROM posts").await, [["abc\td\ne"]]);
}

// SEC-1
#[tokio::test]
async fn a_page_loads_only_what_is_ours_and_no_answer_is_kept() {
    let system = System::stepped().await;
    let anonymous = Client::new(&system.harness.url);
    let docs = anonymous.get("/docs").await;
    let policy: Vec<_> = docs.header("content-security-policy").split("; ").collect();
    assert!(policy.contains(&"default-src 'self'") && policy.contains(&"frame-ancestors 'none'"), "{policy:?}");
    let Value::String(page) = &docs.body else { panic!("a page") };
    assert!(!page.contains("<script") && !page.contains("://"), "it needs nothing from elsewhere");
    let link = system.harness.login_url.clone().expect("a login link");
    let login = link.strip_prefix(&system.harness.url).expect("a link to the server");
    for path in ["/docs", "/openapi.json", "/healthz", "/metrics", "/", "/nothing", "/api/v1/info", login, login] {
        let given = anonymous.get(path).await;
        let headers = ["cache-control", "x-content-type-options", "referrer-policy"].map(|name| given.header(name));
        assert_eq!(headers, ["no-store", "nosniff", "no-referrer"], "{path}");
    }
}
