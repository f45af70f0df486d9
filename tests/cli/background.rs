//! The system as a process in the background: started, found, restarted, stopped.

use std::path::PathBuf;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::{Pid, getpgid, getsid};
use serde_json::{Value, json};
use shared::clock::Clock;
use tempfile::TempDir;
use tests::system::{Client, program};
use tokio::net::TcpListener;

use crate::command::Shell;

/// A place for one system, which is stopped when the test ends, however it ends.
struct Place {
    _directory: TempDir,
    database: PathBuf,
    shell: Shell,
}

impl Place {
    fn new() -> Self {
        let directory = tempfile::tempdir().expect("a temporary directory");
        let database = directory.path().join("state").join("agentforum.db");
        let shell = Shell::at("http://127.0.0.1:1", &database).with("AGENTFORUM_ADDR", "127.0.0.1:0");
        Self { _directory: directory, database, shell }
    }

    fn runtime(&self) -> Value {
        let text = std::fs::read_to_string(self.database.with_file_name("server.runtime.json")).expect("the file");
        serde_json::from_str(&text).expect("JSON")
    }

    fn files(&self) -> Vec<String> {
        let Ok(entries) = std::fs::read_dir(self.database.parent().expect("a directory")) else { return Vec::new() };
        let mut names: Vec<_> =
            entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name")).collect();
        names.retain(|name| name.starts_with("server.") && !name.starts_with("server.log"));
        names.sort_unstable();
        names
    }

    fn log(&self) -> String {
        std::fs::read_to_string(self.database.with_file_name("server.log")).expect("the log")
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        let _ = std::process::Command::new(program()).arg("stop").arg("--db").arg(&self.database).output();
    }
}

fn pid_of(document: &Value) -> Pid {
    Pid::from_raw(i32::try_from(document["pid"].as_i64().expect("a pid")).expect("a pid"))
}

// LIFECYCLE-4, LIFECYCLE-5, LIFECYCLE-7, AUTH-8
#[tokio::test]
async fn it_starts_in_the_background_says_how_it_is_and_stops() {
    let place = Place::new();
    let nothing = place.shell.run(&["status"]).await;
    assert_eq!((nothing.code, nothing.stdout.starts_with("not running on ")), (Some(1), true), "{nothing:?}");
    assert!(!place.database.exists(), "looking makes nothing");

    let ready = place.shell.json(&["start"]).await;
    let client = Client::new(ready["url"].as_str().expect("a url"));
    assert_eq!(client.get("/readyz").await.status, 200);
    let pid = pid_of(&ready);
    assert_eq!(getsid(Some(pid)).expect("it runs"), pid, "it has a session of its own");
    assert_ne!(getpgid(Some(pid)).expect("it runs"), getpgid(None).expect("this process"));
    assert_eq!(place.files(), ["server.pid", "server.port", "server.runtime.json"]);
    let login = ready["login_url"].as_str().expect("a link");
    assert!(!place.log().contains("login?token"), "the link is in no file");
    let mode = |name: &str| {
        use std::os::unix::fs::PermissionsExt;
        let file = std::fs::metadata(place.database.with_file_name(name)).expect("a file");
        file.permissions().mode() & 0o777
    };
    assert_eq!((mode("server.log"), mode("server.runtime.json")), (0o600, 0o600));

    let again = place.shell.run(&["start"]).await;
    assert_eq!((again.code, again.stderr.as_str()), (Some(0), "it runs already\n"));
    assert!(again.stdout.contains(&format!("pid={pid} ")), "{}", again.stdout);

    let status = place.shell.json(&["status", "--login"]).await;
    for (member, expected) in [
        ("running", json!(true)),
        ("runtime", json!("agentforum")),
        ("pid", ready["pid"].clone()),
        ("url", ready["url"].clone()),
        ("transport", json!("memory")),
        ("health", json!({ "status": "ok", "reasons": [] })),
    ] {
        assert_eq!(status[member], expected, "{member}");
    }
    assert_eq!(status["lanes"]["outbox"], json!({ "pending": 0, "processing": 0, "failed": 0, "dead": 0 }));
    assert!(status["uptime_seconds"].is_u64());
    let link = status["login_url"].as_str().expect("a link");
    assert_ne!(link, login);
    for (expected, link) in [(303, link), (403, link), (303, login)] {
        let path = link.strip_prefix(client.url.as_str()).expect("a link to the server");
        assert_eq!(client.get(path).await.status, expected);
    }
    assert!(place.shell.say(&["status"]).await.contains("\n  health     ok\n"));

    let stopwatch = Clock::stopwatch();
    assert_eq!(place.shell.say(&["stop"]).await, format!("agentforum stopped pid={pid}\n"));
    assert!(stopwatch.elapsed() < Duration::from_secs(2), "it took {:?}", stopwatch.elapsed());
    assert_eq!(place.files(), Vec::<String>::new());
    let nothing = place.shell.run(&["stop"]).await;
    assert_eq!((nothing.code, nothing.stdout.starts_with("nothing runs on ")), (Some(0), true), "{nothing:?}");
}

// LIFECYCLE-5
#[tokio::test]
async fn a_restart_keeps_the_flags_except_those_given_now() {
    let place = Place::new();
    let first = place.shell.json(&["start", "--outbox-lease", "7s", "--worker-interval", "90ms"]).await;
    let second = place.shell.json(&["restart", "--worker-interval", "80ms"]).await;
    assert_ne!(first["pid"], second["pid"]);
    let flags = json!({ "outbox.lease": "7s", "worker.interval": "80ms" });
    assert_eq!((place.runtime()["flags"].clone(), place.runtime()["pid"].clone()), (flags, second["pid"].clone()));
    let wrong = place.shell.run(&["restart", "--outbox-lease", "0s"]).await;
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
    assert_eq!(place.shell.json(&["status"]).await["pid"], second["pid"], "wrong settings stop nothing");
    place.shell.say(&["stop"]).await;
    let third = place.shell.json(&["restart"]).await;
    assert_eq!(place.runtime()["flags"], json!({}), "after a clean stop there is nothing to go by");
    assert_eq!(place.runtime()["pid"], third["pid"]);
}

// LIFECYCLE-4, LIFECYCLE-5, LIFECYCLE-9
#[tokio::test]
async fn what_a_killed_system_left_counts_for_nothing_and_is_replaced() {
    let place = Place::new();
    let killed = place.shell.json(&["start"]).await;
    kill(pid_of(&killed), Signal::SIGKILL).expect("the signal is sent");
    let stopwatch = Clock::stopwatch();
    let left = loop {
        let status = place.shell.run(&["status"]).await;
        if status.code == Some(1) {
            break status.stdout;
        }
        assert!(stopwatch.elapsed() < Duration::from_secs(10), "it is still found");
    };
    assert!(left.contains(&format!("pid {} ended without removing its files", killed["pid"])), "{left}");
    assert_eq!(place.files().len(), 3);
    // Its process id is another program's now: this very test's.
    let path = place.database.with_file_name("server.runtime.json");
    let mut runtime = place.runtime();
    runtime["pid"] = json!(std::process::id());
    std::fs::write(&path, runtime.to_string()).expect("the file");
    assert_eq!(place.shell.run(&["status"]).await.code, Some(1));
    assert_eq!(place.shell.run(&["stop"]).await.code, Some(0));
    assert_eq!(place.files(), Vec::<String>::new());
    std::fs::write(&path, runtime.to_string()).expect("the file");
    let ready = place.shell.json(&["start"]).await;
    assert_eq!(place.runtime()["pid"], ready["pid"]);
}

// LIFECYCLE-5, LIFECYCLE-6
#[tokio::test]
async fn a_failed_start_shows_the_logs_tail_and_leaves_no_process() {
    let place = Place::new();
    let busy = TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = busy.local_addr().expect("its address").to_string();
    let failed = place.shell.run(&["start", "--addr", &address]).await;
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
    assert!(failed.stderr.contains(&format!("cannot listen on {address}")), "{}", failed.stderr);
    assert!(failed.stderr.contains("server.log"), "{}", failed.stderr);
    assert_eq!(place.files(), Vec::<String>::new());
    assert_eq!(place.shell.run(&["status"]).await.code, Some(1));
    let wrong = place.shell.run(&["start", "--outbox-lease", "0s"]).await;
    assert_eq!(wrong.code, Some(2), "{}", wrong.stderr);
}

// LIFECYCLE-5
#[tokio::test]
async fn a_start_that_never_gets_ready_ends_after_ten_seconds_and_leaves_no_process() {
    let place = Place::new();
    place.shell.say(&["start"]).await;
    place.shell.say(&["stop"]).await;
    // A foreign program keeps the database for itself, and the program waits for it longer than `start` does.
    let opened = libsql::Builder::new_local(&place.database).build().await.expect("the database opens");
    let holder = opened.connect().expect("a connection");
    holder.execute("BEGIN IMMEDIATE", ()).await.expect("the lock");
    let stopwatch = Clock::stopwatch();
    let failed = place.shell.run(&["start", "--store-busy-timeout", "25s"]).await;
    assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""));
    assert!((10..18).contains(&stopwatch.elapsed().as_secs()), "it took {:?}", stopwatch.elapsed());
    assert!(failed.stderr.contains("not ready in time"), "{}", failed.stderr);
    holder.execute("ROLLBACK", ()).await.expect("the lock is released");
    let status = place.shell.json(&["start"]).await;
    assert!(status["pid"].is_u64(), "the database is free");
}
