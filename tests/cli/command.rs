//! Running the program with nothing around it but what a test says.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tests::system::{Ended, Setup, System, program};
use tokio::io::{AsyncBufReadExt, BufReader, Lines};
use tokio::process::{Child, ChildStderr, ChildStdout, Command};

/// Nothing takes longer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A person at a shell whose variables name one server and one database.
#[derive(Clone, Debug)]
pub struct Shell {
    server: String,
    database: PathBuf,
    variables: Vec<(String, String)>,
    directory: Option<PathBuf>,
}

impl Shell {
    /// A shell on this system's machine.
    pub fn of(system: &System) -> Self {
        Self::at(&system.harness.url, &system.database())
    }

    /// A shell for any server.
    pub fn at(server: &str, database: &Path) -> Self {
        Self { server: server.to_owned(), database: database.to_owned(), variables: Vec::new(), directory: None }
    }

    /// A shell that asks where nothing listens, and that address: a port which a listener has just given back.
    pub async fn without_a_server(setup: &Setup) -> (Self, String) {
        let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
        let address = free.local_addr().expect("its address").to_string();
        drop(free);
        (Self::at(&format!("http://{address}"), &setup.database()), address)
    }

    /// The same shell in this directory.
    pub fn within(mut self, directory: &Path) -> Self {
        self.directory = Some(directory.to_owned());
        self
    }

    /// One more variable.
    pub fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// The program with these arguments.
    pub fn command(&self, arguments: &[&str]) -> Command {
        self.prepared(Command::new(program()), arguments)
    }

    /// Another program in the same surroundings.
    pub fn prepared(&self, mut command: Command, arguments: &[&str]) -> Command {
        command.env_clear().env("AGENTFORUM_SERVER", &self.server).env("AGENTFORUM_DB", &self.database);
        #[expect(clippy::disallowed_methods, reason = "a shell finds its programs there")]
        command.env("PATH", std::env::var_os("PATH").unwrap_or_default());
        command.envs(self.variables.iter().cloned()).args(arguments).stdin(Stdio::null()).kill_on_drop(true);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        if let Some(directory) = &self.directory {
            command.current_dir(directory);
        }
        command
    }

    /// Runs a command to its end.
    pub async fn run(&self, arguments: &[&str]) -> Ended {
        finished(self.command(arguments)).await
    }

    /// Runs a command that succeeds; its standard output.
    pub async fn say(&self, arguments: &[&str]) -> String {
        let ended = self.run(arguments).await;
        assert_eq!(ended.code, Some(0), "{arguments:?}: {}", ended.stderr);
        ended.stdout
    }

    /// Runs a command that succeeds with `--json`; its one document.
    pub async fn json(&self, arguments: &[&str]) -> Value {
        let text = self.say(&[arguments, &["--json"]].concat()).await;
        serde_json::from_str(&text).unwrap_or_else(|error| panic!("{arguments:?} printed {text:?}: {error}"))
    }

    /// Opens a thread; its id.
    pub async fn ask(&self, title: &str, more: &[&str]) -> String {
        let ask = ["forum", "ask", "--title", title, "--ticket", "T-1", "What now?"];
        let opened = self.json(&[&ask, more].concat()).await;
        opened["thread"]["thread_id"].as_str().expect("a thread").to_owned()
    }

    /// Starts a command that goes on.
    pub fn follow(&self, arguments: &[&str]) -> Following {
        let mut child = self.command(arguments).spawn().expect("the program starts");
        let stdout = BufReader::new(child.stdout.take().expect("its standard output")).lines();
        let stderr = BufReader::new(child.stderr.take().expect("its standard error")).lines();
        Following { child, stdout, stderr }
    }
}

/// Runs a prepared command to its end.
pub async fn finished(mut command: Command) -> Ended {
    let output = tokio::time::timeout(PATIENCE, command.output()).await.expect("it ends in time");
    let output = output.expect("the program starts");
    Ended {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).expect("text"),
        stderr: String::from_utf8(output.stderr).expect("text"),
    }
}

/// A command that goes on.
pub struct Following {
    child: Child,
    stdout: Lines<BufReader<ChildStdout>>,
    stderr: Lines<BufReader<ChildStderr>>,
}

impl Following {
    /// The next line of data.
    pub async fn line(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.stdout.next_line()).await.expect("a line in time");
        line.expect("its standard output").expect("it goes on")
    }

    /// The next line of data as a document.
    pub async fn json(&mut self) -> Value {
        serde_json::from_str(&self.line().await).expect("one document per line")
    }

    /// The next remark.
    pub async fn note(&mut self) -> String {
        let line = tokio::time::timeout(PATIENCE, self.stderr.next_line()).await.expect("a remark in time");
        line.expect("its standard error").expect("it goes on")
    }

    /// Sends SIGINT, as Ctrl-C does.
    pub fn interrupt(&self) {
        let pid = self.child.id().and_then(|pid| i32::try_from(pid).ok()).expect("it runs");
        kill(Pid::from_raw(pid), Signal::SIGINT).expect("the signal is sent");
    }

    /// Its end, with what it still printed.
    pub async fn end(mut self) -> Ended {
        let status = tokio::time::timeout(PATIENCE, self.child.wait()).await.expect("it ends in time");
        let (mut stdout, mut stderr) = (String::new(), String::new());
        while let Ok(Some(line)) = self.stdout.next_line().await {
            stdout += &(line + "\n");
        }
        while let Ok(Some(line)) = self.stderr.next_line().await {
            stderr += &(line + "\n");
        }
        Ended { code: status.expect("its status").code(), stdout, stderr }
    }
}

/// Ids, times and secrets as words, so that a snapshot holds.
pub fn filters() -> insta::internals::SettingsBindDropGuard {
    let mut settings = insta::Settings::clone_current();
    settings.add_filter(r"\b([a-z]+)_[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}", "[$1]");
    settings.add_filter(r"\d{4}-\d{2}-\d{2}T[0-9:.]+Z", "[time]");
    settings.add_filter(r"afk_[A-Za-z0-9_-]{43}", "[secret]");
    settings.add_filter(r"127\.0\.0\.1:\d+", "[address]");
    settings.bind_to_scope()
}
