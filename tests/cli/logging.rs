//! What the real process writes to its log: figures of the worker, ids to follow a request by, and nothing secret.

use std::time::Duration;

use serde_json::{Value, json};
use tests::system::{Client, Setup};

use crate::command::{Following, Shell};

/// The next log line that `wanted` picks.
async fn line(server: &mut Following, seen: &mut Vec<Value>, wanted: impl Fn(&Value) -> bool) -> Value {
    loop {
        let text = server.note().await;
        let line: Value = serde_json::from_str(&text).unwrap_or_else(|_| panic!("{text} is no JSON line"));
        seen.push(line.clone());
        if wanted(&line) {
            return line;
        }
    }
}

/// A member of the line, or of the span it was written in.
fn member<'a>(line: &'a Value, name: &str) -> Option<&'a str> {
    line[name].as_str().or_else(|| line["span"][name].as_str())
}

// HEALTH-7, HEALTH-8
#[tokio::test]
async fn log_lines_carry_what_they_are_about_and_no_secret() {
    let setup = Setup::running();
    let database = setup.database();
    let shell = Shell::at("http://127.0.0.1:1", &database);
    let level = "info,api_http=debug,shared=debug,harness=debug";
    let flags = ["--addr", "127.0.0.1:0", "--json", "--log-format", "json", "--log-level", level];
    let mut server = shell.follow(&[&["up", "--worker-log-period", "200ms"][..], &flags].concat());
    let ready = server.json().await;
    let key = std::fs::read_to_string(database.with_file_name("local.key")).expect("the owner's key");
    let key = key.trim();
    let url = ready["url"].as_str().expect("a url");
    let client = Client::new(url).with_key(key).with_header("x-request-id", "req-followed");
    let private = "the launch code is 4711-tango";
    let question = json!({ "title": "A private title", "ticket": "T-1", "body": private });
    let opened = client.post("/api/v1/forum/threads", &question).await;
    let command = opened.text("/command/command_id");
    // A wrong key and a text that cannot be read are logged as little as right ones.
    let wrong = "afk_wrongwrongwrongwrongwrongwrongwrongwrongwro";
    assert_eq!(Client::new(url).with_key(wrong).get("/api/v1/info").await.status, 403);
    assert_eq!(client.post("/api/v1/forum/threads", &json!({ "title": 7, "body": private })).await.status, 400);

    let mut seen = Vec::new();
    let accepted = line(&mut server, &mut seen, |line| line["message"] == "accepted").await;
    assert_eq!(member(&accepted, "command_id"), Some(command.as_str()), "{accepted}");
    assert_eq!(member(&accepted, "request_id"), Some("req-followed"), "{accepted}");
    let handled = |function: &'static str| {
        move |line: &Value| line["message"] == "handled" && member(line, "function") == Some(function)
    };
    let applied = line(&mut server, &mut seen, handled("cmd-open-thread")).await;
    assert_eq!(member(&applied, "command_id"), Some(command.as_str()), "{applied}");
    let correlation = member(&applied, "correlation_id").expect("what ties it together").to_owned();
    assert!(!correlation.is_empty());
    let projected = line(&mut server, &mut seen, handled("project-thread-views")).await;
    assert_eq!(member(&projected, "correlation_id"), Some(correlation.as_str()), "{projected}");

    let published = |line: &Value| line["message"] == "worker summary" && line["processed_total"].as_u64() >= Some(2);
    let summary = line(&mut server, &mut seen, published).await;
    for name in [
        "bus_healthy",
        "pending",
        "processing",
        "failed",
        "oldest_pending_age_seconds",
        "processed_total",
        "consecutive_errors",
    ] {
        assert!(summary.get(name).is_some(), "{name} is missing in {summary}");
    }
    assert_eq!((&summary["bus_healthy"], &summary["pending"]), (&json!(true), &json!(0)));
    let stopwatch = shared::clock::Clock::stopwatch();
    line(&mut server, &mut seen, published).await;
    assert!(stopwatch.elapsed() < Duration::from_secs(5), "a line per period");

    server.interrupt();
    let ended = server.end().await;
    assert_eq!(ended.code, Some(0));
    let everything = format!("{}{}", json!(seen), ended.stderr);
    let login = ready["login_url"].as_str().expect("a link").split('=').next_back().expect("a token");
    for secret in [key, wrong, login, private, "A private title", "afk_"] {
        assert!(!everything.contains(secret), "{secret} is in the log");
    }
}
