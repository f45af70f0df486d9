//! Agents that run as processes of this machine: the handle is a process id. The process is its own runtime, so both
//! are found alike. An id may be given again to another process; who needs to be sure of that uses another runtime.

use std::fs;
use std::future::ready;

use futures::future::BoxFuture;
use nix::errno::Errno;
use nix::sys::signal::kill;
use nix::unistd::Pid;
use shared::probe::Finding;
use shared::value::ProbeResult;

use super::{failed, found};

/// Looks for the process with this id.
pub(super) fn probe(handle: &str) -> BoxFuture<'_, Finding> {
    let finding = match pid(handle) {
        Some(pid) => {
            let (result, evidence) = look(pid);
            found(result, result, evidence)
        }
        None => failed("the handle is no process id"),
    };
    Box::pin(ready(finding))
}

/// A process id as it was given: decimal digits, more than 0.
fn pid(handle: &str) -> Option<Pid> {
    let is_decimal = handle.bytes().all(|byte| byte.is_ascii_digit());
    let number = handle.parse().ok().filter(|number: &i32| is_decimal && *number > 0);
    number.map(Pid::from_raw)
}

/// Whether a process is there, and what tells so. No signal is sent.
pub(super) fn look(pid: Pid) -> (ProbeResult, String) {
    match kill(pid, None) {
        // Somebody else's process is one all the same.
        Ok(()) | Err(Errno::EPERM) if has_ended(pid) => {
            (ProbeResult::Dead, format!("process {pid} has ended and waits to be collected"))
        }
        Ok(()) | Err(Errno::EPERM) => (ProbeResult::Alive, format!("process {pid} is there")),
        Err(Errno::ESRCH) => (ProbeResult::Dead, format!("there is no process {pid}")),
        Err(errno) => (ProbeResult::Failed, format!("process {pid} cannot be looked for: {errno}")),
    }
}

/// Whether a process that is still listed has ended: nobody has asked for its exit status yet. Only Linux has the file.
fn has_ended(pid: Pid) -> bool {
    let stat = fs::read(format!("/proc/{pid}/stat")).unwrap_or_default();
    matches!(state(&String::from_utf8_lossy(&stat)), Some('Z' | 'X'))
}

/// The letter that says how a process is. The name before it stands in parentheses and may hold some itself.
fn state(stat: &str) -> Option<char> {
    let (_, behind) = stat.rsplit_once(')')?;
    behind.trim_start().chars().next()
}

#[cfg(test)]
mod tests {
    use super::*;

    // SESSION-27
    #[test]
    fn a_process_id_is_a_number_above_zero() {
        assert_eq!(pid("4711"), Some(Pid::from_raw(4711)));
        for wrong in ["", "0", "-1", "+5", " 5", "5 ", "0x10", "99999999999", "agent:0.1"] {
            assert_eq!(pid(wrong), None, "{wrong:?}");
        }
    }

    // SESSION-27
    #[test]
    fn the_state_stands_behind_whatever_the_process_is_called() {
        assert_eq!(state("12 (sleep) S 1 12 12 0 -1"), Some('S'));
        assert_eq!(state("12 (a) Z (b) ) Z 1 12"), Some('Z'));
        assert_eq!((state(""), state("12 (sleep)")), (None, None));
    }
}
