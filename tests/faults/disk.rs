//! A disk that is full, and then is not.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use harness::{Harness, Pace};
use serde_json::json;
use shared::clock::Clock;
use shared::config::Config;
use shared::ctx::Sources;
use tests::skipped;
use tests::system::Client;

/// A file system of our own, a few megabytes large, unmounted when dropped.
struct SmallDisk(PathBuf);

impl SmallDisk {
    fn mount(at: &Path) -> Option<Self> {
        let mounted = Command::new("mount").args(["-t", "tmpfs", "-o", "size=12m", "tmpfs"]).arg(at).output();
        mounted.is_ok_and(|output| output.status.success()).then(|| Self(at.to_owned()))
    }

    fn ballast(&self) -> PathBuf {
        self.0.join("ballast")
    }

    /// Takes all the space that is left.
    fn fill(&self) {
        let mut file = OpenOptions::new().create(true).append(true).open(self.ballast()).expect("a ballast file");
        for size in [64 * 1024, 4096, 1] {
            while file.write_all(&vec![0; size]).is_ok() {}
        }
    }
}

impl Drop for SmallDisk {
    fn drop(&mut self) {
        // Lazily: the database's files may still be closing.
        let _ = Command::new("umount").arg("-l").arg(&self.0).output();
    }
}

async fn health_becomes(client: &Client, status: u16) {
    let stopwatch = Clock::stopwatch();
    while client.get("/api/v1/health").await.status != status {
        assert!(stopwatch.elapsed() < Duration::from_secs(20), "health never became {status}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

// Drill 11, HEALTH-2, HTTP-2
#[tokio::test(flavor = "multi_thread")]
async fn a_full_disk_refuses_writes_serves_reads_and_heals_without_a_restart() {
    let directory = tempfile::tempdir().expect("a directory");
    let Some(disk) = SmallDisk::mount(directory.path()) else {
        return skipped("a full disk", "no small file system can be mounted here");
    };
    let database = directory.path().join("state").join("agentforum.db");
    let pairs = [("addr", "127.0.0.1:0"), ("db", database.to_str().expect("a path of UTF-8")), ("command.wait", "2s")];
    let config = Config::with(&pairs).expect("settings");
    let harness = Harness::start(config, Sources::system(), Pace::Running).await.expect("a start");
    let secret = fs::read_to_string(database.with_file_name("local.key")).expect("the owner's key");
    let client = Client::new(&harness.url).with_key(secret.trim());
    let question = |number: i32| json!({ "title": format!("q{number}"), "body": "x".repeat(60_000), "ticket": "T-1" });
    let mut acknowledged = Vec::new();
    for number in 0..3 {
        acknowledged.push(client.post("/api/v1/forum/threads", &question(number)).await.text("/command/command_id"));
    }

    disk.fill();
    // The write-ahead log has some room left from before; it ends after a few bodies.
    let mut refused = false;
    for number in 3..300 {
        let answer = client.post("/api/v1/forum/threads", &question(number)).await;
        match answer.status.as_u16() {
            201 | 202 => acknowledged.push(answer.text("/command/command_id")),
            _ => {
                assert_eq!(answer.refusal(), (503, "store_full".to_owned()), "{}", answer.body);
                assert_eq!(answer.header("retry-after"), "5");
                refused = true;
                break;
            }
        }
    }
    assert!(refused, "the disk was never full");
    health_becomes(&client, 503).await;
    assert_eq!(client.get("/api/v1/forum/threads").await.status, 200, "reads go on");
    assert_eq!(client.get("/healthz").await.status, 200, "it is alive");

    fs::remove_file(disk.ballast()).expect("space again");
    health_becomes(&client, 200).await;
    let answer = client.post("/api/v1/forum/threads", &question(1000)).await;
    assert_eq!(answer.status, 201, "{}", answer.body);
    acknowledged.push(answer.text("/command/command_id"));
    harness.settle().await.expect("everything comes to rest");
    for command in &acknowledged {
        let answer = client.get(&format!("/api/v1/commands/{command}")).await;
        assert_eq!(answer.text("/status"), "applied", "{command}");
    }
    let checked = tests::system::rows_of(&database, "PRAGMA integrity_check").await;
    assert_eq!(checked[0][0], "ok");
    harness.stop().await;
}
