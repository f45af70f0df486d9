//! `start` and `restart`: the same program's `up` as a process of its own, which outlives the terminal (LIFECYCLE-5).

use std::fs::OpenOptions;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use anyhow::{Context, bail};
use nix::sys::signal::Signal;
use serde_json::{Value, json};
use shared::clock::Clock;
use shared::config::{Config, ConfigFlags, Key};
use shared::store::make_directory;
use tokio::io::{AsyncBufReadExt, BufReader};
use tokio::process::{Child, Command};

use super::globals::Globals;
use super::output::Output;
use super::stop::{self, NEXT_LOOK};
use super::text;
use crate::runtime_files::{Found, Whereabouts, look};
use crate::up::ready_line;

/// A system that is not ready by then has failed to start.
const READY_LIMIT: Duration = Duration::from_secs(10);
/// How long one that failed may take to end by itself.
const END_LIMIT: Duration = Duration::from_secs(3);
/// Lines of the log that are shown of a failed start.
const TAIL_LINES: usize = 20;
/// The log of a system in the background, beside its database.
const LOG: &str = "server.log";

pub(super) async fn run(globals: &Globals, flags: &ConfigFlags) -> anyhow::Result<ExitCode> {
    // Wrong settings are told here and now, not by a log.
    let config = globals.settings(flags)?;
    match settled(&config.db.place()).await? {
        Found::Running(running) => already(globals, &running),
        Found::Busy(pid) => bail!("process {pid} works on {} and does not say where it listens", config.db),
        Found::Absent(_) => launch(globals, &config, flags).await,
    }
}

pub(super) async fn restart(globals: Globals, given: ConfigFlags) -> anyhow::Result<ExitCode> {
    let config = globals.settings(&given)?;
    let before = match settled(&config.db.place()).await? {
        Found::Running(before) | Found::Absent(Some(before)) => before,
        Found::Busy(_) | Found::Absent(None) => Whereabouts::default(),
    };
    let globals = match (globals.config_file(), before.config_file) {
        (None, Some(file)) => globals.with_config_file(file),
        _ => globals,
    };
    let mut flags = ConfigFlags(before.flags);
    flags.0.extend(given.0);
    // Nothing is stopped for settings with which nothing could start again.
    globals.settings(&flags)?;
    if let Some(stopped) = stop::end(&config).await? {
        globals.output().note(&format!("stopped pid={}", stopped.pid));
    }
    run(&globals, &flags).await
}

/// What is known of the server once it is neither starting nor ending.
async fn settled(database: &Path) -> anyhow::Result<Found> {
    let stopwatch = Clock::stopwatch();
    loop {
        let found = look(database)?;
        if !matches!(found, Found::Busy(_)) || stopwatch.elapsed() > READY_LIMIT {
            return Ok(found);
        }
        tokio::time::sleep(NEXT_LOOK).await;
    }
}

fn already(globals: &Globals, running: &Whereabouts) -> anyhow::Result<ExitCode> {
    let output = globals.output();
    output.note("it runs already");
    if output.json {
        let ready = json!({ "url": running.url, "port": running.port, "pid": running.pid, "login_url": null });
        output.json(&ready.to_string())?;
    } else {
        Output::text(&ready_line(&running.url, running.pid, &running.transport, &running.db.to_string_lossy()))?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Starts the process and waits for its ready line.
async fn launch(globals: &Globals, config: &Config, flags: &ConfigFlags) -> anyhow::Result<ExitCode> {
    let mut child = spawn(globals, config, flags)?;
    let stdout = child.stdout.take().context("the process has no standard output")?;
    let line = tokio::time::timeout(READY_LIMIT, BufReader::new(stdout).lines().next_line()).await;
    let ready = line.ok().and_then(Result::ok).flatten();
    let ready = ready.and_then(|line| serde_json::from_str::<Value>(&line).ok().map(|ready| (line, ready)));
    let Some((line, ready)) = ready else {
        let ended = end(&mut child).await;
        // Another start may have been faster.
        if let Found::Running(running) = look(&config.db.place())? {
            return already(globals, &running);
        }
        let log = config.db.place().with_file_name(LOG);
        let why = ended.map_or_else(|| "it was not ready in time".to_owned(), |code| format!("it ended with {code}"));
        bail!("it did not start: {why}\n{}\n  the rest is in {}", tail(&log), log.display());
    };
    let output = globals.output();
    if output.json {
        output.json(&line)?;
        return Ok(ExitCode::SUCCESS);
    }
    let (url, login) = (ready["url"].as_str().unwrap_or_default(), ready["login_url"].as_str());
    let pid = ready["pid"].as_u64().and_then(|pid| u32::try_from(pid).ok()).unwrap_or_default();
    Output::text(&ready_line(url, pid, config.transport.as_str(), &config.db.to_string()))?;
    if let Some(login) = login {
        output.note(&format!("log in with {login}"));
    }
    Ok(ExitCode::SUCCESS)
}

/// `up` in a session of its own. Only its ready line goes to standard output, which is ours to read: the line holds a login
/// link, which has no place in a file. All else goes to the log.
fn spawn(globals: &Globals, config: &Config, flags: &ConfigFlags) -> anyhow::Result<Child> {
    make_directory(&config.db.place())?;
    let log = config.db.place().with_file_name(LOG);
    let cannot = || format!("cannot write {}", log.display());
    if log.exists() {
        std::fs::rename(&log, log.with_extension("log.1")).with_context(cannot)?;
    }
    let stderr = OpenOptions::new().append(true).create(true).mode(0o600).open(&log).with_context(cannot)?;
    let mut command = Command::new(std::env::current_exe().context("cannot tell where this program lies")?);
    command.args(["up", "--json", "--detached"]);
    if let Some(file) = globals.config_file() {
        command.arg("--config").arg(file);
    }
    for (name, value) in &flags.0 {
        if let Some(key) = Key::find(name) {
            command.arg(format!("--{}={value}", key.flag()));
        }
    }
    command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(stderr);
    command.spawn().context("cannot start the process")
}

/// Sees to it that a failed start leaves no process; how it ended by itself, if it did.
async fn end(child: &mut Child) -> Option<String> {
    let stopwatch = Clock::stopwatch();
    let ended = tokio::time::timeout(Duration::from_millis(500), child.wait()).await;
    if let Ok(Ok(status)) = ended {
        return Some(status.to_string());
    }
    if let Some(pid) = child.id() {
        // Ended in the meantime is as good.
        let _ = stop::signal(pid, Signal::SIGTERM);
    }
    let left = END_LIMIT.saturating_sub(stopwatch.elapsed());
    if tokio::time::timeout(left, child.wait()).await.is_err()
        && let Err(error) = child.kill().await
    {
        tracing::warn!(%error, "the process could not be ended");
    }
    None
}

/// The log's last lines, indented.
fn tail(log: &Path) -> String {
    let text = std::fs::read(log).map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let lines: Vec<&str> = text.lines().collect();
    let last = &lines[lines.len().saturating_sub(TAIL_LINES)..];
    last.iter().map(|line| format!("  {}", text::line(line))).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    // LIFECYCLE-5
    #[test]
    fn a_tail_is_the_last_lines_without_what_moves_a_cursor() {
        let directory = tempfile::tempdir().expect("a directory");
        let log = directory.path().join(LOG);
        assert_eq!(tail(&log), "");
        let lines: Vec<String> = (1..=30).map(|number| format!("line {number}\u{1b}[2J")).collect();
        std::fs::write(&log, lines.join("\n")).expect("the log");
        let shown = tail(&log);
        assert_eq!(shown.lines().count(), TAIL_LINES);
        assert!(shown.starts_with("  line 11[2J\n") && shown.ends_with("  line 30[2J"), "{shown}");
    }
}
