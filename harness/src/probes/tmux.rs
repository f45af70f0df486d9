//! Agents that run in tmux: the handle is a target such as `agents`, `agents:2` or `agents:2.1`, or a pane's id. The
//! runtime is the session, the process what runs in the pane. Which server is asked follows from the environment of this
//! process (`TMUX`, `TMUX_TMPDIR`), as it does for every tmux that is started in it.

use std::io::ErrorKind;
use std::process::Stdio;
use std::time::Duration;

use futures::future::BoxFuture;
use nix::unistd::Pid;
use shared::probe::Finding;
use shared::value::ProbeResult;
use tokio::process::Command;

use super::{failed, found, process};

/// tmux answers at once, or its server hangs.
const PATIENCE: Duration = Duration::from_secs(2);
/// What is asked of each pane. The last may be empty.
const FORMAT: &str = "#{pane_index} #{pane_id} #{pane_pid} #{pane_dead}";
/// Longest complaint of tmux that is kept, in characters.
const EVIDENCE_MAX: usize = 200;

/// Looks for the session, then for the process in its pane.
pub(super) fn probe(handle: &str) -> BoxFuture<'_, Finding> {
    Box::pin(look(handle))
}

async fn look(handle: &str) -> Finding {
    let target = match Target::read(handle) {
        Ok(target) => target,
        Err(why) => return failed(why),
    };
    match tmux(&["has-session", "-t", &target.session()]).await {
        Answer::Yes(_) => {}
        Answer::Gone(why) => return found(ProbeResult::Dead, ProbeResult::Dead, why),
        Answer::Odd(why) => return failed(why),
    }
    let (scope, place) = target.panes();
    let mut list = vec!["list-panes"];
    list.extend(scope);
    list.extend(["-t", &place, "-F", FORMAT]);
    match tmux(&list).await {
        Answer::Yes(listed) => {
            let (process, evidence) = judge(&panes(&listed), target.pane);
            found(ProbeResult::Alive, process, evidence)
        }
        Answer::Gone(why) => found(ProbeResult::Alive, ProbeResult::Dead, why),
        Answer::Odd(why) => failed(why),
    }
}

/// A target, taken apart: tmux takes names for prefixes and patterns unless each is marked as exact.
#[derive(Debug, PartialEq, Eq)]
struct Target<'a> {
    /// A name or an id; of a target that is a pane's id, that.
    session: &'a str,
    window: Option<&'a str>,
    /// An index in the window, or an id.
    pane: Option<&'a str>,
}

impl<'a> Target<'a> {
    /// Reads a handle; what it says of a wrong one does not repeat it.
    fn read(handle: &'a str) -> Result<Self, &'static str> {
        if handle.starts_with('-') || handle.chars().any(char::is_control) {
            return Err("the handle is no tmux target");
        }
        if is_pane_id(handle) {
            return Ok(Self { session: handle, window: None, pane: Some(handle) });
        }
        let (session, place) = handle.split_once(':').unwrap_or((handle, ""));
        let session = exact(session);
        // tmux itself puts neither mark into a session's name.
        if session.is_empty() || session.contains('.') {
            return Err("a tmux target begins with the name of a session");
        }
        let (window, pane) = match place.rsplit_once('.') {
            Some((window, pane)) => (exact(window), Some(pane)),
            None => (exact(place), None),
        };
        if window.contains([':', '.']) || pane.is_some_and(|pane| !is_index(pane) && !is_pane_id(pane)) {
            return Err("a tmux window with a mark in its name goes by its index, and so does a pane");
        }
        Ok(Self { session, window: Some(window).filter(|window| !window.is_empty()), pane })
    }

    fn is_pane_alone(&self) -> bool {
        self.pane == Some(self.session)
    }

    /// The session, as `has-session` is told.
    fn session(&self) -> String {
        if self.is_pane_alone() { self.session.to_owned() } else { format!("={}", self.session) }
    }

    /// Where `list-panes` shall look, and how far: a session by itself stands for all its windows. It lists all panes
    /// of a window even when it is told one of them.
    fn panes(&self) -> (Option<&'static str>, String) {
        match self.window {
            _ if self.is_pane_alone() => (None, self.session.to_owned()),
            Some(window) => (None, format!("={}:={window}", self.session)),
            None if self.pane.is_some() => (None, format!("={}:", self.session)),
            None => (Some("-s"), format!("={}:", self.session)),
        }
    }
}

/// A name without the mark that it is exact: that is always set.
fn exact(name: &str) -> &str {
    name.strip_prefix('=').unwrap_or(name)
}

fn is_index(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_pane_id(text: &str) -> bool {
    text.strip_prefix('%').is_some_and(is_index)
}

/// What tmux says.
#[derive(Debug, PartialEq, Eq)]
enum Answer {
    /// What was asked for.
    Yes(String),
    /// There is no such thing.
    Gone(String),
    /// Nothing that tells.
    Odd(String),
}

impl Answer {
    /// What a complaint comes to: only those that say that something is not there do so.
    fn of_complaint(complaint: &str) -> Self {
        let line = complaint.lines().next().unwrap_or_default();
        let said: String = line.chars().filter(|letter| !letter.is_control()).take(EVIDENCE_MAX).collect();
        let no_server = said.starts_with("no server running")
            || said.contains("No such file or directory")
            || said.contains("Connection refused");
        if no_server || said.starts_with("can't find ") {
            return Self::Gone(format!("tmux: {said}"));
        }
        Self::Odd(if said.is_empty() { "tmux failed and did not say why".to_owned() } else { format!("tmux: {said}") })
    }
}

/// Asks tmux, without a shell between.
async fn tmux(arguments: &[&str]) -> Answer {
    let mut command = Command::new("tmux");
    command.args(arguments).stdin(Stdio::null()).kill_on_drop(true);
    match tokio::time::timeout(PATIENCE, command.output()).await {
        Ok(Ok(output)) if output.status.success() => Answer::Yes(String::from_utf8_lossy(&output.stdout).into_owned()),
        Ok(Ok(output)) => Answer::of_complaint(&String::from_utf8_lossy(&output.stderr)),
        Ok(Err(error)) if error.kind() == ErrorKind::NotFound => Answer::Odd("tmux is not installed".to_owned()),
        Ok(Err(error)) => Answer::Odd(format!("tmux cannot be run: {error}")),
        Err(_) => Answer::Odd(format!("tmux did not answer within {} s", PATIENCE.as_secs())),
    }
}

/// One pane as it is listed.
#[derive(Debug, PartialEq, Eq)]
struct Pane<'a> {
    index: &'a str,
    id: &'a str,
    pid: Option<Pid>,
    /// What ran in it has ended, and the pane was kept.
    dead: bool,
}

fn panes(listed: &str) -> Vec<Pane<'_>> {
    let lines = listed.lines().filter_map(|line| {
        let mut words = line.split_whitespace();
        let (index, id, pid) = (words.next()?, words.next()?, words.next()?);
        let pid = pid.parse().ok().filter(|pid: &i32| *pid > 0).map(Pid::from_raw);
        Some(Pane { index, id, pid, dead: words.next() == Some("1") })
    });
    lines.collect()
}

/// Whether something runs in the wanted pane, or in any when none is named.
fn judge(panes: &[Pane<'_>], wanted: Option<&str>) -> (ProbeResult, String) {
    let mut seen = (ProbeResult::Dead, "the session has no such pane".to_owned());
    for pane in panes.iter().filter(|pane| wanted.is_none_or(|wanted| wanted == pane.index || wanted == pane.id)) {
        let (result, evidence) = match pane.pid {
            _ if pane.dead => (ProbeResult::Dead, "its process has ended".to_owned()),
            Some(pid) => process::look(pid),
            None => (ProbeResult::Failed, "tmux does not say which process it has".to_owned()),
        };
        let evidence = format!("pane {}: {evidence}", pane.id);
        match result {
            ProbeResult::Alive => return (result, evidence),
            // Of several the one that could not be looked at leaves it open.
            ProbeResult::Dead if seen.0 == ProbeResult::Failed => {}
            _ => seen = (result, evidence),
        }
    }
    seen
}

#[cfg(test)]
mod tests;
