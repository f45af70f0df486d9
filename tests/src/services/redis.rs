//! Redis: an explicit URL, else a container where a Docker engine answers, else a `redis-server` process; and a process of a
//! test's own, which it may stop, kill and start again.

use std::path::PathBuf;
use std::process::{Command, Stdio};

use tempfile::TempDir;
use testcontainers_modules::redis::{REDIS_PORT, Redis as RedisImage};
use testcontainers_modules::testcontainers::core::error::TestcontainersError;
use testcontainers_modules::testcontainers::runners::AsyncRunner;
use testcontainers_modules::testcontainers::{ContainerAsync, ImageExt};

use super::running::Running;
use super::{free_port, listening, missing};

/// A Redis server to test against. Others may use it, too: keep to keys of your own.
pub enum Redis {
    /// One that somebody named.
    Named(String),
    /// A container, removed with this value.
    Container(String, Box<ContainerAsync<RedisImage>>),
    /// A process, ended with this value.
    Process(Process),
}

impl Redis {
    /// One that answers, from wherever it can be had; nothing, said loudly, where it cannot.
    pub async fn any() -> Option<Self> {
        #[expect(clippy::disallowed_methods, reason = "whoever runs the tests names a server in their environment")]
        let named = std::env::var("AGENTFORUM_TEST_REDIS_URL").ok().filter(|url| !url.is_empty());
        if let Some(url) = named {
            eprintln!("redis: the server that AGENTFORUM_TEST_REDIS_URL names");
            return Some(Self::Named(url));
        }
        match container().await {
            Ok((url, container)) => {
                eprintln!("redis: a container of redis:7");
                return Some(Self::Container(url, Box::new(container)));
            }
            Err(error) => eprintln!("redis: no container ({error})"),
        }
        Process::start().map(|process| {
            eprintln!("redis: a redis-server process");
            Self::Process(process)
        })
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        match self {
            Self::Named(url) | Self::Container(url, _) => url.clone(),
            Self::Process(process) => process.url(),
        }
    }
}

/// Whether one can be had at all; said loudly where it cannot.
#[must_use]
#[expect(clippy::disallowed_methods, reason = "where a server can come from is said by the environment")]
pub fn available() -> bool {
    let named = std::env::var_os("AGENTFORUM_TEST_REDIS_URL").is_some_and(|url| !url.is_empty());
    let engine = std::env::var_os("DOCKER_HOST").is_some() || std::path::Path::new("/var/run/docker.sock").exists();
    let program = super::on_path("redis-server").is_some();
    if !(named || engine || program) {
        missing("what needs a Redis server", "there is no Docker engine and no redis-server");
    }
    named || engine || program
}

/// Whether a Docker engine answers, at the address that the environment names or at the usual one.
#[must_use]
pub fn engine_answers() -> bool {
    let mut docker = Command::new("docker");
    docker.args(["info", "--format", "{{.ID}}"]).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
    docker.status().is_ok_and(|status| status.success())
}

async fn container() -> Result<(String, ContainerAsync<RedisImage>), TestcontainersError> {
    let container = RedisImage::default().with_tag("7").start().await?;
    let (host, port) = (container.get_host().await?, container.get_host_port_ipv4(REDIS_PORT).await?);
    Ok((format!("redis://{host}:{port}/0"), container))
}

/// A `redis-server` of one test, on a port that it keeps.
pub struct Process {
    /// The process.
    pub process: Running,
    port: u16,
    // Its working directory.
    directory: TempDir,
}

impl Process {
    /// One on a free port; nothing, said loudly, where there is no `redis-server`.
    ///
    /// # Panics
    /// When no port is free.
    #[must_use]
    pub fn start() -> Option<Self> {
        let port = free_port();
        let mut process =
            Self { process: Running::default(), port, directory: tempfile::tempdir().expect("a directory") };
        process.start_again().then_some(process)
    }

    /// Starts it again after a kill, empty. Whether it runs.
    ///
    /// # Panics
    /// When it does not answer in time.
    pub fn start_again(&mut self) -> bool {
        let port = self.port.to_string();
        let mut command = Command::new("redis-server");
        command.args(["--port", &port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"]);
        command.current_dir(self.directory.path()).stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null());
        match command.spawn() {
            Ok(child) => self.process = child.into(),
            Err(error) => {
                missing("what needs a Redis server", &format!("redis-server cannot be started: {error}"));
                return false;
            }
        }
        listening("redis-server", self.port);
        true
    }

    /// Its URL.
    #[must_use]
    pub fn url(&self) -> String {
        format!("redis://127.0.0.1:{}/0", self.port)
    }

    /// Runs a command on it.
    ///
    /// # Panics
    /// When it does not answer.
    pub async fn command(&self, words: &[&str]) -> redis::Value {
        command(&self.url(), words).await
    }

    /// Its directory.
    #[must_use]
    pub fn directory(&self) -> PathBuf {
        self.directory.path().to_owned()
    }
}

/// Runs a command on a server.
///
/// # Panics
/// When it does not answer, or refuses.
pub async fn command(url: &str, words: &[&str]) -> redis::Value {
    let client = redis::Client::open(url).expect("a URL");
    let mut connection = client.get_multiplexed_async_connection().await.expect("a connection");
    let mut command = redis::cmd(words[0]);
    command.arg(&words[1..]);
    command.query_async(&mut connection).await.expect("an answer")
}
