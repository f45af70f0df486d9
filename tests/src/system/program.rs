//! The real `agentforum` program, in processes of its own.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::OnceLock;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStdout, Command};

use super::Client;

/// A process that takes longer than this for one thing hangs.
const PATIENCE: Duration = Duration::from_secs(30);

/// The program, beside the test that asks for it; built when it is missing or older.
pub fn program() -> &'static Path {
    static PROGRAM: OnceLock<PathBuf> = OnceLock::new();
    PROGRAM.get_or_init(|| {
        let test = std::env::current_exe().expect("the test's own path");
        let profile = test.parent().and_then(Path::parent).expect("target/<profile>/deps");
        let program = profile.join("agentforum");
        let written = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified()).ok();
        if written(&program).is_none_or(|time| Some(time) < written(&test)) {
            build(profile);
            let time = written(&test).expect("the test's own age");
            let file = std::fs::File::open(&program).expect("the program is built");
            file.set_modified(time).expect("the program is marked as of now");
        }
        program
    })
}

fn build(profile: &Path) {
    let name = profile.file_name().and_then(|name| name.to_str()).expect("a profile's name");
    let name = if name == "debug" { "dev" } else { name };
    let built = std::process::Command::new(env!("CARGO"))
        .args(["build", "--quiet", "-p", "harness", "--bin", "agentforum", "--profile", name, "--target-dir"])
        .arg(profile.parent().expect("the target directory"))
        .current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/.."))
        .status();
    assert!(built.expect("cargo runs").success(), "the program does not build");
}

/// A finished process.
#[derive(Clone, Debug)]
pub struct Ended {
    /// Exit code; none after a signal.
    pub code: Option<i32>,
    /// Standard output.
    pub stdout: String,
    /// Standard error.
    pub stderr: String,
}

/// A running `agentforum up`.
pub struct Server {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    /// What it said when it was ready.
    pub ready: String,
}

impl Server {
    /// Starts it on a free port over this database, and waits for its ready line.
    pub async fn start(database: &Path) -> Self {
        Self::start_with(database, &["--addr", "127.0.0.1:0", "--json"]).await
    }

    /// As [`Server::start`] with other flags.
    pub async fn start_with(database: &Path, flags: &[&str]) -> Self {
        let mut child = command(database, flags).spawn().expect("the program starts");
        let stdout = child.stdout.take().expect("its standard output");
        let mut stdout = BufReader::new(stdout).lines();
        let line = tokio::time::timeout(PATIENCE, stdout.next_line()).await.expect("a ready line in time");
        let Some(ready) = line.expect("its standard output") else {
            let ended = child.wait_with_output().await.expect("it ends");
            panic!("it ended without a ready line: {}", String::from_utf8_lossy(&ended.stderr));
        };
        // Whatever it logs must not fill the pipe.
        let mut log = child.stderr.take().expect("its standard error");
        tokio::spawn(async move {
            let mut rest = Vec::new();
            let _ = log.read_to_end(&mut rest).await;
        });
        Self { child, stdout, ready }
    }

    /// What the ready line of `--json` says.
    #[must_use]
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.ready).unwrap_or_else(|_| panic!("{} is no document", self.ready))
    }

    /// Where it listens.
    #[must_use]
    pub fn url(&self) -> String {
        self.json()["url"].as_str().expect("a url").to_owned()
    }

    /// A client with the owner's key.
    #[must_use]
    pub fn owner(&self, database: &Path) -> Client {
        let secret = std::fs::read_to_string(database.with_file_name("local.key")).expect("the owner's key");
        Client::new(&self.url()).with_key(secret.trim())
    }

    /// Its process id.
    #[must_use]
    pub fn pid(&self) -> u32 {
        self.child.id().expect("it runs")
    }

    /// Sends it a signal.
    pub fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.pid()).expect("a process id");
        kill(Pid::from_raw(pid), signal).expect("the signal is sent");
    }

    /// Waits for its end: the exit code, and what it still wrote to standard output.
    pub async fn end(mut self) -> (Option<i32>, Vec<String>) {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends in time");
        let mut rest = Vec::new();
        while let Ok(Some(line)) = self.stdout.next_line().await {
            rest.push(line);
        }
        (status.expect("its status").code(), rest)
    }

    /// kill -9.
    pub async fn kill(self) {
        self.signal(Signal::SIGKILL);
        assert_eq!(self.end().await.0, None, "killed by a signal");
    }
}

fn command(database: &Path, flags: &[&str]) -> Command {
    let mut command = Command::new(program());
    command.arg("up").arg("--db").arg(database).args(flags);
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped()).kill_on_drop(true);
    command
}

/// Runs `agentforum up` where it should fail.
pub async fn refused(database: &Path, flags: &[&str]) -> Ended {
    refused_with(database, flags, &[]).await
}

/// As [`refused`] with more variables.
pub async fn refused_with(database: &Path, flags: &[&str], variables: &[(&str, &str)]) -> Ended {
    let mut command = command(database, flags);
    command.envs(variables.iter().copied());
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends in time");
    let output = output.expect("the program starts");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8_lossy(&output.stdout).into_owned(),
        stderr: String::from_utf8_lossy(&output.stderr).into_owned(),
    }
}
