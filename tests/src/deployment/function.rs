//! One deployed function: its binary, the processes that run it, and one invocation at a time in each.

use std::path::{Path, PathBuf};
use std::process::Stdio;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::Value;
use tokio::process::{Child, Command};
use tokio::sync::Semaphore;

use super::runtime::{Answer, RuntimeApi};

/// Processes of one function at once.
const CONCURRENCY: usize = 3;

/// Function binaries of the development profile.
pub struct Built(PathBuf);

impl Built {
    /// Builds the binaries of these functions beside the test that asks.
    #[must_use]
    pub fn functions(names: &[&str]) -> Self {
        let test = std::env::current_exe().expect("the test's own path");
        let profile = test.parent().and_then(Path::parent).expect("target/<profile>/deps");
        let name = profile.file_name().and_then(|name| name.to_str()).expect("a profile's name");
        let mut command = std::process::Command::new(env!("CARGO"));
        command.args(["build", "--quiet", "--bins", "--profile", if name == "debug" { "dev" } else { name }]);
        command.arg("--target-dir").arg(profile.parent().expect("the target directory"));
        for name in names {
            command.args(["-p", name]);
        }
        let built = command.current_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).status();
        assert!(built.expect("cargo runs").success(), "the functions do not build");
        Self(profile.to_owned())
    }

    /// A function's binary.
    #[must_use]
    pub fn path(&self, name: &str) -> PathBuf {
        self.0.join(name)
    }
}

/// A deployed function.
pub struct Function {
    name: &'static str,
    program: PathBuf,
    environment: Vec<(String, String)>,
    log: PathBuf,
    timeout: Duration,
    permits: Semaphore,
    idle: Mutex<Vec<Instance>>,
    /// Process ids of all that run.
    running: Mutex<Vec<u32>>,
    /// Invocations that ended with an answer, and that did not.
    answered: AtomicUsize,
    broken: AtomicUsize,
}

/// One process.
pub(super) struct Instance {
    pub(super) api: RuntimeApi,
    child: Child,
    pid: u32,
}

fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Function {
    pub(super) fn new(
        name: &'static str,
        program: PathBuf,
        environment: Vec<(String, String)>,
        log: PathBuf,
        timeout: Duration,
    ) -> Self {
        Self {
            name,
            program,
            environment,
            log,
            timeout,
            permits: Semaphore::new(CONCURRENCY),
            idle: Mutex::default(),
            running: Mutex::default(),
            answered: AtomicUsize::new(0),
            broken: AtomicUsize::new(0),
        }
    }

    /// Invokes it and waits for the whole answer.
    ///
    /// # Errors
    /// What the function said, that it died, or that it took too long; then its process is gone.
    pub async fn invoke(&self, event: &Value) -> Result<Value, String> {
        let _permit = self.permits.acquire().await.map_err(|error| error.to_string())?;
        let mut instance = self.instance().await;
        let outcome = match self.begin(&mut instance, event).await {
            Ok(answer) => match tokio::time::timeout(self.timeout, answer.whole()).await {
                Ok(bytes) => serde_json::from_slice(&bytes).map_err(|error| error.to_string()),
                Err(_) => Err("the answer never ended".to_owned()),
            },
            Err(error) => Err(error),
        };
        self.put_back(instance, outcome.is_ok());
        outcome
    }

    /// Invokes it; the answer comes as it is written, and whoever has read it gives the process back.
    pub(super) async fn invoke_streaming(&self, event: &Value) -> Result<(Answer, Instance), String> {
        let permit = self.permits.acquire().await.map_err(|error| error.to_string())?;
        let mut instance = self.instance().await;
        match self.begin(&mut instance, event).await {
            Ok(answer) => {
                permit.forget();
                Ok((answer, instance))
            }
            Err(error) => {
                self.put_back(instance, false);
                Err(error)
            }
        }
    }

    /// The reader of a streamed answer is done, or gone.
    pub(super) fn finished(&self, instance: Instance, works: bool) {
        self.put_back(instance, works);
        self.permits.add_permits(1);
    }

    async fn begin(&self, instance: &mut Instance, event: &Value) -> Result<Answer, String> {
        tokio::select! {
            answer = instance.api.invoke(event, self.timeout) => answer,
            () = tokio::time::sleep(self.timeout) => Err(format!("{} timed out", self.name)),
            status = instance.child.wait() => Err(format!("{} died: {status:?}", self.name)),
        }
    }

    async fn instance(&self) -> Instance {
        loop {
            let idle = lock(&self.idle).pop();
            let Some(mut idle) = idle else { return self.start().await };
            if matches!(idle.child.try_wait(), Ok(None)) {
                return idle;
            }
            self.forget(idle.pid);
        }
    }

    /// A cold start.
    async fn start(&self) -> Instance {
        let api = RuntimeApi::start(self.name).await;
        let log = std::fs::OpenOptions::new().create(true).append(true).open(&self.log).expect("a log");
        let mut command = Command::new(&self.program);
        command.env_clear().envs(self.environment.iter().map(|(name, value)| (name, value)));
        command.env("AWS_LAMBDA_RUNTIME_API", api.address()).env("AWS_LAMBDA_FUNCTION_NAME", self.name);
        command.env("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "256").env("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST");
        command.env("AWS_LAMBDA_LOG_GROUP_NAME", "group").env("AWS_LAMBDA_LOG_STREAM_NAME", "stream");
        command.stdin(Stdio::null()).stdout(log.try_clone().expect("a log")).stderr(log).kill_on_drop(true);
        let child = command.spawn().expect("the function starts");
        let pid = child.id().expect("a process");
        lock(&self.running).push(pid);
        Instance { api, child, pid }
    }

    fn put_back(&self, instance: Instance, works: bool) {
        if works {
            self.answered.fetch_add(1, Ordering::SeqCst);
            lock(&self.idle).push(instance);
        } else {
            self.broken.fetch_add(1, Ordering::SeqCst);
            self.forget(instance.pid);
        }
    }

    fn forget(&self, pid: u32) {
        lock(&self.running).retain(|running| *running != pid);
    }

    /// Kills every process of it, whatever it is doing. How many there were.
    pub fn kill(&self) -> usize {
        let running = lock(&self.running).clone();
        for pid in &running {
            let _ = kill(Pid::from_raw(i32::try_from(*pid).unwrap_or(i32::MAX)), Signal::SIGKILL);
        }
        running.len()
    }

    /// Invocations that were answered.
    #[must_use]
    pub fn answered(&self) -> usize {
        self.answered.load(Ordering::SeqCst)
    }

    /// Invocations that ended without an answer.
    #[must_use]
    pub fn broken(&self) -> usize {
        self.broken.load(Ordering::SeqCst)
    }

    /// What it printed.
    #[must_use]
    pub fn log(&self) -> String {
        std::fs::read_to_string(&self.log).unwrap_or_default()
    }
}
