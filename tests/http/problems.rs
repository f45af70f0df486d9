//! What every refusal looks like.

use reqwest::{Method, StatusCode};
use serde_json::{Value, json};
use tests::system::{Answer, Client, Setup, System, answer, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";

/// The members that every problem document has, checked against its response.
fn assert_problem(refused: &Answer, status: u16, code: &str, instance: &str) {
    assert_eq!(refused.status.as_u16(), status, "{}", refused.body);
    assert_eq!(refused.header("content-type"), "application/problem+json");
    assert_eq!(refused.text("/type"), format!("/docs#{code}"));
    assert_eq!(refused.text("/code"), code);
    assert_eq!(refused.number("/status"), i64::from(status));
    assert_eq!(refused.text("/instance"), instance);
    assert_eq!(refused.text("/request_id"), refused.header("x-request-id"));
    assert!(!refused.text("/title").is_empty() && !refused.text("/detail").is_empty(), "{}", refused.body);
}

async fn raw(client: &Client, path: &str, media_type: &str, body: Vec<u8>) -> Answer {
    answer(client.request(Method::POST, path).header("content-type", media_type).body(body)).await
}

// HTTP-1
#[tokio::test]
async fn an_unknown_path_is_a_problem_document() {
    let system = System::stepped().await;
    for path in ["/nothing", "/api/v1/nothing", "/api/v2/forum/threads", "/api/v1/forum/threads/a/b/c"] {
        assert_problem(&system.owner.get(path).await, 404, "not_found", path);
        assert_problem(&Client::new(&system.harness.url).get(path).await, 404, "not_found", path);
    }
}

// HTTP-1
#[tokio::test]
async fn a_method_that_a_path_does_not_take_names_those_it_does() {
    let system = System::stepped().await;
    for (method, path, allow) in [
        (Method::DELETE, THREADS, "GET,HEAD,POST"),
        (Method::PUT, "/api/v1/info", "GET,HEAD"),
        (Method::POST, "/healthz", "GET,HEAD"),
        (Method::GET, "/logout", "POST"),
        (Method::POST, "/api/v1/forum/stream", "GET,HEAD"),
        (Method::PATCH, "/api/v1/keys/k", "DELETE"),
    ] {
        let refused = answer(system.owner.request(method.clone(), path)).await;
        assert_problem(&refused, 405, "method_not_allowed", path);
        let mut allowed: Vec<_> = refused.header("allow").split(',').map(str::trim).collect();
        allowed.sort_unstable();
        assert_eq!(allowed.join(","), allow, "{method} {path}");
    }
}

// HTTP-1, CMD-12
#[tokio::test]
async fn each_wrong_part_of_a_body_is_named_by_its_pointer() {
    let system = System::stepped().await;
    for (body, pointer) in [
        (r#"{"title":"t""#, ""),
        (r#""text""#, ""),
        (r#"{"title":["t"],"body":"b","ticket":"T"}"#, "/title"),
        (r#"{"title":"t","body":"b","ticket":"T","deadline":"soon"}"#, "/deadline"),
        (r#"{"title":"t","body":"b","ticket":"T","priority":"asap"}"#, "/priority"),
        (r#"{"title":"t","body":"b","ticket":"T","a/b":1}"#, "/a~1b"),
        (r#"{"title":"t","body":"b","ticket":"T","project_id":7}"#, "/project_id"),
    ] {
        let refused = raw(&system.owner, THREADS, "application/json", body.into()).await;
        assert_problem(&refused, 400, "invalid_request", THREADS);
        let errors = refused.list("/errors");
        assert_eq!(errors.len(), 1);
        assert_eq!(errors[0]["pointer"], pointer, "{body}");
        assert!(errors[0]["detail"].as_str().is_some_and(|detail| !detail.is_empty()));
    }
    let bad_utf8 = raw(&system.owner, THREADS, "application/json", b"{\"title\":\"\xff\"}".to_vec()).await;
    assert_problem(&bad_utf8, 400, "invalid_request", THREADS);
    let path = format!("{THREADS}/thr_0199a0a0-0000-7000-8000-000000000000/posts");
    let twice = system.owner.post(&path, &json!({ "body": "b", "thread_id": "thr_x" })).await;
    assert_problem(&twice, 400, "invalid_request", &path);
    assert_eq!(twice.body["errors"][0]["pointer"], "/thread_id");
}

// HTTP-1: what the router itself refuses
#[tokio::test]
async fn a_path_or_query_that_cannot_be_read_is_a_problem_too() {
    let system = System::stepped().await;
    let path = "/api/v1/forum/threads/%FF";
    assert_problem(&system.owner.get(path).await, 400, "invalid_request", path);
    let login = system.owner.get("/login?token=a&token=b").await;
    assert_problem(&login, 400, "invalid_request", "/login");
}

// HTTP-4
#[tokio::test]
async fn a_body_over_the_limit_is_413_and_one_at_the_limit_is_not() {
    let system = Setup::stepped().set("body.limit", "2KiB").start().await;
    let padded = |length: usize| {
        let mut body = question("Big").to_string();
        body.push_str(&" ".repeat(length - body.len()));
        body.into_bytes()
    };
    let path = format!("{THREADS}?wait=0");
    assert_eq!(raw(&system.owner, &path, "application/json", padded(2048)).await.status, StatusCode::ACCEPTED);
    let refused = raw(&system.owner, &path, "application/json", padded(2049)).await;
    assert_problem(&refused, 413, "payload_too_large", THREADS);
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 1);
}

// HTTP-3, HTTP-4
#[tokio::test]
async fn a_write_is_json_and_by_default_at_most_a_mebibyte() {
    let system = System::stepped().await;
    for media_type in ["text/plain", "application/x-www-form-urlencoded", "application/jsonp", ""] {
        let refused = raw(&system.owner, THREADS, media_type, question("Q").to_string().into()).await;
        assert_problem(&refused, 415, "unsupported_media_type", THREADS);
    }
    let path = format!("{THREADS}?wait=0");
    let taken = raw(&system.owner, &path, "Application/JSON; charset=utf-8", question("Q").to_string().into()).await;
    assert_eq!(taken.status, StatusCode::ACCEPTED);
    let refused = raw(&system.owner, THREADS, "application/json", vec![b' '; (1 << 20) + 1]).await;
    assert_problem(&refused, 413, "payload_too_large", THREADS);
}

// HTTP-2
#[tokio::test]
async fn every_code_is_explained_where_its_problem_says() {
    let system = System::stepped().await;
    let docs = Client::new(&system.harness.url).get("/docs").await;
    assert_eq!(docs.status, 200);
    let Value::String(page) = &docs.body else { panic!("a page") };
    for entry in shared::error::Code::CATALOGUE {
        assert!(page.contains(&format!("id=\"{}\"", entry.name)), "{} is not explained", entry.name);
    }
}

// SEC-1, HTTP-10, HTTP-11
#[tokio::test]
async fn answers_are_neither_cached_nor_sniffed_nor_shared_across_origins() {
    let system = System::stepped().await;
    let asking = system.owner.clone().with_header("origin", "https://example.org");
    let list = asking.get(THREADS).await;
    assert_eq!(list.status, 200);
    assert_eq!((list.header("cache-control"), list.header("x-content-type-options")), ("no-store", "nosniff"));
    assert_eq!(list.header("referrer-policy"), "no-referrer");
    assert!(!list.headers.keys().any(|name| name.as_str().starts_with("access-control-")), "{:?}", list.headers);
    let root = Client::new(&system.harness.url).get("/").await;
    assert_problem(&root, 503, "gui_absent", "/");
}

// HTTP-1
#[tokio::test]
async fn a_refusal_as_a_whole() {
    let system = System::stepped().await;
    let client = system.owner.clone().with_header("x-request-id", "snapshot-1");
    let refused =
        client.post(THREADS, &json!({ "title": "", "body": "b", "ticket": "T", "options": ["a", "a"] })).await;
    insta::assert_json_snapshot!(refused.body);
}
