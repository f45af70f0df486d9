//! The real server as a child process.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};

use serde_json::Value;

use crate::client::Connection;

/// A running `agentforum up`.
pub(crate) struct Server {
    child: Child,
    pub(crate) pid: u32,
    pub(crate) port: u16,
    pub(crate) key: String,
}

impl Server {
    /// Starts it on an empty database in `directory`.
    pub(crate) fn start(directory: &Path, flags: &[&str]) -> Self {
        let program = std::env::current_exe().expect("the benchmark knows where it is").with_file_name("agentforum");
        if !program.exists() {
            let built =
                Command::new("cargo").args(["build", "--release", "-p", "harness", "--bin", "agentforum"]).status();
            assert!(built.is_ok_and(|status| status.success()), "agentforum cannot be built");
        }
        let database = directory.join("agentforum.db");
        let mut child = Command::new(program)
            .args(["up", "--json", "--addr", "127.0.0.1:0", "--log-level", "warn", "--db"])
            .arg(&database)
            .args(flags)
            .stdout(Stdio::piped())
            .spawn()
            .expect("agentforum starts");
        let mut line = String::new();
        let stdout = child.stdout.take().expect("its standard output");
        BufReader::new(stdout).read_line(&mut line).expect("a ready line");
        let ready: Value = serde_json::from_str(&line).expect("a ready line in JSON");
        let port = ready["port"].as_u64().and_then(|port| u16::try_from(port).ok()).expect("its port");
        let key = std::fs::read_to_string(database.with_file_name("local.key")).expect("the owner's key");
        Self { pid: child.id(), child, port, key: key.trim().to_owned() }
    }

    /// The value of a metric without labels.
    pub(crate) async fn metric(&self, name: &str) -> f64 {
        let (_, body) = Connection::open(self).await.get("/metrics").await;
        let text = String::from_utf8(body).expect("metrics are text");
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' ').map(str::to_owned));
        line.and_then(|value| value.parse().ok()).expect("the metric is there")
    }

    /// Commits that shared a transaction, on average since the start.
    pub(crate) async fn mean_batch_size(&self) -> f64 {
        let sum = self.metric("agentforum_writer_batch_size_sum").await;
        sum / self.metric("agentforum_writer_batch_size_count").await
    }

    /// Ends it.
    pub(crate) fn stop(mut self) {
        self.child.kill().expect("the server can be ended");
        self.child.wait().expect("the server ended");
    }
}
