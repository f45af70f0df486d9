//! `stop`: tells the system to end and waits until it has. That nothing runs is what was asked for.

use std::process::ExitCode;
use std::time::Duration;

use anyhow::{Context, bail};
use nix::errno::Errno;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use serde_json::json;
use shared::clock::Clock;
use shared::config::Config;

use super::globals::Globals;
use super::output::Output;
use super::place::Place;
use crate::runtime_files::{Found, RuntimeFiles, Whereabouts, look};

/// Pause between two looks at files and locks; the operating system rings no bell for them.
pub(super) const NEXT_LOOK: Duration = Duration::from_millis(20);
/// What an orderly end takes beyond the waits that the settings allow: the writer's last group and the WAL.
const BEYOND: Duration = Duration::from_secs(15);

pub(super) async fn run(globals: &Globals, place: &Place) -> anyhow::Result<ExitCode> {
    let config = place.settings(globals)?;
    let stopped = end(&config).await?;
    let output = globals.output();
    let pid = stopped.as_ref().map(|stopped| stopped.pid);
    if output.json {
        output.json(&json!({ "stopped": stopped.is_some(), "pid": pid }).to_string())?;
    } else {
        let db = config.db;
        let line = pid.map_or_else(|| format!("nothing runs on {db}"), |pid| format!("agentforum stopped pid={pid}"));
        Output::text(&line)?;
    }
    Ok(ExitCode::SUCCESS)
}

/// Ends the server of a database, and removes the files of one that could not do so itself. None when nothing ran.
pub(super) async fn end(config: &Config) -> anyhow::Result<Option<Whereabouts>> {
    let database = &config.db.place();
    let limit = config.shutdown.timeout + config.shutdown.workers + BEYOND;
    let stopwatch = Clock::stopwatch();
    let mut told = None;
    loop {
        match look(database)? {
            Found::Running(running) if told.is_none() => {
                signal(running.pid, Signal::SIGTERM).with_context(|| format!("cannot end process {}", running.pid))?;
                told = Some(running);
            }
            Found::Running(_) | Found::Busy(_) => {}
            // The files go last: until then it may still be closing its connections.
            Found::Absent(Some(left)) if told.is_some() && is_alive(left.pid) => {}
            Found::Absent(left) => {
                if left.is_some() {
                    RuntimeFiles::beside(database).remove();
                }
                return Ok(told);
            }
        }
        if stopwatch.elapsed() > limit {
            bail!("the process on {} has not ended within {} s", database.display(), limit.as_secs());
        }
        tokio::time::sleep(NEXT_LOOK).await;
    }
}

/// Sends a signal; a process that is not there any more needs none.
pub(super) fn signal(pid: u32, signal: Signal) -> Result<(), Errno> {
    let pid = i32::try_from(pid).map_err(|_| Errno::ESRCH)?;
    match kill(Pid::from_raw(pid), signal) {
        Err(Errno::ESRCH) | Ok(()) => Ok(()),
        Err(error) => Err(error),
    }
}

fn is_alive(pid: u32) -> bool {
    i32::try_from(pid).is_ok_and(|pid| kill(Pid::from_raw(pid), None).is_ok())
}
