//! Starting and stopping the program.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use shared::clock::Clock;
use tempfile::TempDir;
use tests::system::{Client, Server, question, refused};
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};

fn place() -> (TempDir, PathBuf) {
    let directory = tempfile::tempdir().expect("a temporary directory");
    let database = directory.path().join("state").join("agentforum.db");
    (directory, database)
}

/// Names of the runtime files that are there.
fn runtime_files(database: &Path) -> Vec<String> {
    let Ok(entries) = std::fs::read_dir(database.parent().expect("a directory")) else { return Vec::new() };
    let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
    let mut names: Vec<_> = names.filter(|name| name.starts_with("server.")).collect();
    names.sort_unstable();
    names
}

fn read(database: &Path, name: &str) -> String {
    std::fs::read_to_string(database.with_file_name(name)).expect("a runtime file").trim().to_owned()
}

// LIFECYCLE-2, LIFECYCLE-3, LIFECYCLE-4, AUTH-7, AUTH-8
#[tokio::test]
async fn the_ready_line_and_the_files_say_where_it_listens() {
    let (_directory, database) = place();
    let server = Server::start(&database).await;
    let ready = server.json();
    let mut members: Vec<_> = ready.as_object().expect("an object").keys().map(String::as_str).collect();
    members.sort_unstable();
    assert_eq!(members, ["login_url", "pid", "port", "url"]);
    assert_eq!(ready["pid"], server.pid());
    assert_eq!(ready["url"], format!("http://127.0.0.1:{}", ready["port"]));
    assert_ne!(ready["port"], 0);
    assert_eq!(read(&database, "server.pid"), server.pid().to_string());
    assert_eq!(read(&database, "server.port"), ready["port"].to_string());
    let runtime: Value = serde_json::from_str(&read(&database, "server.runtime.json")).expect("JSON");
    for (member, expected) in [
        ("runtime", json!("agentforum")),
        ("pid", ready["pid"].clone()),
        ("port", ready["port"].clone()),
        ("url", ready["url"].clone()),
        ("db", json!(database)),
        ("transport", json!("memory")),
        ("auth_mode", json!("local")),
        ("version", json!(env!("CARGO_PKG_VERSION"))),
    ] {
        assert_eq!(runtime[member], expected, "{member}");
    }
    assert!(runtime["started_at"].as_str().is_some_and(|time| time.ends_with('Z')));
    let login = ready["login_url"].as_str().and_then(|link| link.strip_prefix(&server.url())).expect("a link to it");
    assert_eq!(Client::new(&server.url()).get(login).await.status, 303);
    server.kill().await;
}

// LIFECYCLE-2
#[tokio::test]
async fn the_ready_line_for_people_is_one_line_on_standard_output() {
    let (_directory, database) = place();
    let server = Server::start_with(&database, &["--addr", "127.0.0.1:0"]).await;
    let port = read(&database, "server.port");
    let (pid, db) = (server.pid(), database.display());
    assert_eq!(server.ready, format!("agentforum ready http://127.0.0.1:{port} pid={pid} transport=memory db={db}"));
    server.signal(Signal::SIGTERM);
    assert_eq!(server.end().await, (Some(0), Vec::new()));
}

// LIFECYCLE-7
#[tokio::test]
async fn a_signal_ends_it_within_a_second_and_leaves_no_files() {
    for signal in [Signal::SIGTERM, Signal::SIGINT] {
        let (_directory, database) = place();
        let server = Server::start(&database).await;
        assert_eq!(server.owner(&database).post("/api/v1/forum/threads", &question("Kept")).await.status, 201);
        assert_eq!(runtime_files(&database), ["server.pid", "server.port", "server.runtime.json"]);
        let stopwatch = Clock::stopwatch();
        server.signal(signal);
        assert_eq!(server.end().await.0, Some(0), "{signal}");
        assert!(stopwatch.elapsed() < Duration::from_secs(1), "{signal} took {:?}", stopwatch.elapsed());
        assert_eq!(runtime_files(&database), Vec::<String>::new());
        let wal = std::fs::metadata(format!("{}-wal", database.display())).map_or(0, |file| file.len());
        assert_eq!(wal, 0, "the write-ahead log is written back");
        assert_eq!(std::fs::read_to_string(format!("{}.lock", database.display())).expect("the lock file"), "");
    }
}

// LIFECYCLE-7
#[tokio::test]
async fn a_second_signal_ends_it_at_once_with_130() {
    let (_directory, database) = place();
    let server = Server::start(&database).await;
    let owner = server.owner(&database);
    assert_eq!(owner.post("/api/v1/forum/threads", &question("Kept")).await.status, 201);
    // A read that waits for a position keeps the shutdown waiting for it.
    let address = server.url().replace("http://", "");
    let mut waiting = TcpStream::connect(&address).await.expect("a connection");
    let key = owner.own_header("authorization");
    let request = format!("GET /api/v1/forum/threads?min_pos=9 HTTP/1.1\r\nhost: x\r\nauthorization: {key}\r\n\r\n");
    waiting.write_all(request.as_bytes()).await.expect("the request is sent");
    for _ in 0..3 {
        assert_eq!(owner.get("/api/v1/health").await.status, 200);
    }
    server.signal(Signal::SIGINT);
    while TcpStream::connect(&address).await.is_ok() {}
    server.signal(Signal::SIGINT);
    assert_eq!(server.end().await.0, Some(130));
    let again = Server::start(&database).await;
    assert_eq!(again.owner(&database).get("/api/v1/forum/threads").await.list("/items").len(), 1);
    again.kill().await;
}

// LIFECYCLE-4, LIFECYCLE-9
#[tokio::test]
async fn after_a_kill_it_starts_over_the_stale_lock_and_files() {
    let (_directory, database) = place();
    let killed = Server::start(&database).await;
    let opened = killed.owner(&database).post("/api/v1/forum/threads", &question("Kept")).await;
    killed.kill().await;
    assert_eq!(runtime_files(&database).len(), 3, "nobody was left to remove them");
    let server = Server::start(&database).await;
    assert_eq!(read(&database, "server.pid"), server.pid().to_string());
    assert_eq!(read(&database, "server.port"), server.json()["port"].to_string());
    let owner = server.owner(&database);
    let kept = owner.get(&format!("/api/v1/forum/threads/{}", opened.text("/thread/thread_id"))).await;
    assert_eq!(kept.body["thread"], opened.body["thread"]);
    assert_eq!(owner.get("/readyz").await.status, 200);
    server.kill().await;
}

// LIFECYCLE-9, drill 10
#[tokio::test]
async fn a_second_process_on_the_same_file_names_the_first() {
    let (_directory, database) = place();
    let server = Server::start(&database).await;
    let second = refused(&database, &["--addr", "127.0.0.1:0"]).await;
    assert_eq!((second.code, second.stdout.as_str()), (Some(1), ""));
    assert!(second.stderr.contains(&format!("process {}", server.pid())), "{}", second.stderr);
    assert_eq!(read(&database, "server.pid"), server.pid().to_string(), "the first one's files are untouched");
    assert_eq!(server.owner(&database).get("/api/v1/health").await.status, 200);
    server.kill().await;
}

// LIFECYCLE-6
#[tokio::test]
async fn a_busy_port_is_named_within_a_second_and_nothing_is_left() {
    let (_directory, database) = place();
    let busy = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = busy.local_addr().expect("its address").to_string();
    tests::system::program();
    let stopwatch = Clock::stopwatch();
    let ended = refused(&database, &["--addr", &address]).await;
    assert!(stopwatch.elapsed() < Duration::from_secs(1), "it took {:?}", stopwatch.elapsed());
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""));
    assert!(ended.stderr.contains(&address), "{}", ended.stderr);
    assert_eq!(runtime_files(&database), Vec::<String>::new());
    let server = Server::start(&database).await;
    server.kill().await;
}

// AUTH-10, CONFIG-2
#[tokio::test]
async fn settings_that_are_not_allowed_end_it_with_2_or_1_before_anything_is_made() {
    let (_directory, database) = place();
    let wrong = refused(&database, &["--outbox-lease", "0s"]).await;
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
    assert!(wrong.stderr.contains("outbox.lease") || wrong.stderr.contains("--outbox-lease"), "{}", wrong.stderr);
    let open = refused(&database, &["--addr", "0.0.0.0:0", "--auth-mode", "local"]).await;
    assert!(open.code == Some(2) || open.code == Some(1), "{open:?}");
    assert!(open.stderr.contains("auth.mode"), "{}", open.stderr);
    assert!(!database.exists());
}
