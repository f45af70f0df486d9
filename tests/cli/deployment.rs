//! The command line where the database is a libSQL server and the transport SQS.

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use shared::clock::Clock;
use shared::function::routes::ROUTES;
use tempfile::TempDir;
use tests::services::moto::{ENVIRONMENT, Moto};
use tests::services::sqld::Sqld;
use tests::system::Client;

use crate::command::Shell;

const PREFIX: &str = "doctor-";

/// A person whose settings name this server, in a directory of their own.
fn shell(url: &str) -> (TempDir, Shell) {
    let directory = tempfile::tempdir().expect("a directory");
    let shell = Shell::at("http://127.0.0.1:9", Path::new(url)).within(directory.path());
    (directory, shell)
}

fn check<'a>(document: &'a Value, name: &str) -> &'a Value {
    let found = document["items"].as_array().into_iter().flatten().find(|item| item["check"] == name);
    found.unwrap_or_else(|| panic!("{name} is missing in {document}"))
}

// STORE-12, AUTH-7
#[tokio::test]
async fn one_process_works_on_a_servers_database_and_another_finds_everything_there() {
    let Some(server) = Sqld::start() else { return };
    let mut thread = String::new();
    for round in 0..2 {
        let (directory, shell) = shell(&server.url());
        let mut up = shell.follow(&["up", "--addr", "127.0.0.1:0", "--json"]);
        let document = up.json().await;
        let key = std::fs::read_to_string(directory.path().join(".agentforum/local.key")).expect("the owner's key");
        let client = Client::new(document["url"].as_str().expect("a url")).with_key(key.trim());
        if round == 0 {
            let body = json!({ "title": "Far away", "body": "Is it there?", "ticket": "T-1" });
            let opened = client.post("/api/v1/forum/threads", &body).await;
            assert_eq!(opened.status, 201, "{}", opened.body);
            thread = opened.text("/thread/thread_id");
        } else {
            let found = client.get(&format!("/api/v1/forum/threads/{thread}")).await;
            assert_eq!(found.text("/thread/title"), "Far away");
        }
        let info = client.get("/api/v1/info").await;
        assert_eq!(
            (info.text("/storage/engine"), info.text("/storage/synchronous")),
            ("libsql-remote".into(), "server".into())
        );
        up.interrupt();
        assert_eq!(up.end().await.code, Some(0));
    }
}

// STORE-12
#[tokio::test]
async fn a_server_that_does_not_answer_refuses_the_start_within_five_seconds() {
    let (_directory, shell) = shell("http://127.0.0.1:9");
    tests::system::program();
    let stopwatch = Clock::stopwatch();
    let ended = shell.run(&["up", "--addr", "127.0.0.1:0"]).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(stopwatch.elapsed() < Duration::from_secs(5), "took {:?}", stopwatch.elapsed());
    assert!(ended.stderr.contains("the database at http://127.0.0.1:9 does not answer"), "{}", ended.stderr);
}

// TRANSPORT-3, TRANSPORT-4
#[tokio::test]
async fn queues_that_are_not_named_or_not_there_refuse_the_start() {
    let directory = tempfile::tempdir().expect("a directory");
    let mut shell = Shell::at("http://127.0.0.1:9", &directory.path().join("a.db"));
    for (name, value) in ENVIRONMENT {
        shell = shell.with(name, value);
    }
    let ended = shell.run(&["up", "--addr", "127.0.0.1:0", "--transport", "sqs"]).await;
    assert_eq!(ended.code, Some(2), "{ended:?}");
    assert!(ended.stderr.contains("sqs.url"), "{}", ended.stderr);
    let url = "http://127.0.0.1:9/123456789012/a-";
    let flags = ["up", "--addr", "127.0.0.1:0", "--transport", "sqs", "--sqs-url", url];
    tests::system::program();
    let stopwatch = Clock::stopwatch();
    let ended = shell.run(&flags).await;
    assert_eq!(ended.code, Some(1), "{ended:?}");
    assert!(stopwatch.elapsed() < Duration::from_secs(5), "took {:?}", stopwatch.elapsed());
    assert!(ended.stderr.contains("cannot use the transport at http://127.0.0.1:9"), "{}", ended.stderr);
}

// CLI-10, LAMBDA-6
#[tokio::test]
async fn doctor_judges_a_deployment_by_what_its_template_says() {
    let (Some(mut server), Some(moto)) = (Sqld::start(), Moto::start()) else { return };
    for (function, trigger) in ROUTES {
        moto.create_queue(PREFIX, function, trigger.timeout() * 6 + Duration::from_secs(1), 50).await;
    }
    let (directory, shell) = shell(&server.url());
    let mut shell = shell.with("AGENTFORUM_AUTH_MODE", "keys").with("AGENTFORUM_TRANSPORT", "sqs");
    shell = shell.with("AGENTFORUM_SQS_URL", &moto.queues(PREFIX));
    for (name, value) in ENVIRONMENT {
        shell = shell.with(name, value);
    }
    let doctor = async || {
        let ended = shell.run(&["doctor", "--json", "--addr", "127.0.0.1:0"]).await;
        let document: Value = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
        (ended.code, document)
    };
    let (code, document) = doctor().await;
    assert_eq!((code, &check(&document, "database")["verdict"]), (Some(1), &json!("failed")), "{document}");
    // Any process brings the schema; one that runs on the embedded transport does.
    let embedded = Shell::at("http://127.0.0.1:9", Path::new(&server.url())).within(directory.path());
    let mut up = embedded.follow(&["up", "--addr", "127.0.0.1:0", "--json"]);
    up.json().await;
    up.interrupt();
    up.end().await;

    let (code, document) = doctor().await;
    assert_eq!(code, Some(0), "{document}");
    assert_eq!(check(&document, "database")["verdict"], "ok", "{document}");
    assert_eq!(check(&document, "queues")["verdict"], "ok", "{document}");
    // Nobody has to show a token to this server.
    assert_eq!(check(&document, "access")["verdict"], "warning", "{document}");

    let client = moto.sqs();
    let queue = moto.queues(PREFIX) + "cmd-open-thread";
    client.delete_queue().queue_url(queue).send().await.expect("deleted");
    moto.create_queue(PREFIX, "cmd-open-thread", Duration::from_secs(30), 3).await;
    let (code, document) = doctor().await;
    let queues = check(&document, "queues");
    assert_eq!((code, &queues["verdict"]), (Some(1), &json!("failed")), "{document}");
    let detail = queues["detail"].as_str().expect("a text");
    assert!(
        detail.contains("a visibility of 30 s is under 180 s") && detail.contains("after 3 receives, not 50"),
        "{detail}"
    );

    server.process.kill();
    let (code, document) = doctor().await;
    assert_eq!((code, &check(&document, "database")["verdict"]), (Some(1), &json!("failed")), "{document}");
}
