//! The runtimes that the harness probes, on real processes and on a real tmux: what lives is alive, what is gone is dead,
//! and what cannot be looked at is neither.

use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use harness::probes::RUNTIMES;
use nix::sys::signal::{Signal, kill};
use nix::unistd::Pid;
use shared::clock::Clock;
use shared::probe::Finding;
use shared::value::ProbeResult;
use tests::services::{missing, on_path};

/// What was killed is gone by then.
const PATIENCE: Duration = Duration::from_secs(10);
const ALIVE: (ProbeResult, ProbeResult) = (ProbeResult::Alive, ProbeResult::Alive);
const DEAD: (ProbeResult, ProbeResult) = (ProbeResult::Dead, ProbeResult::Dead);
const ENDED: (ProbeResult, ProbeResult) = (ProbeResult::Alive, ProbeResult::Dead);
const FAILED: (ProbeResult, ProbeResult) = (ProbeResult::Failed, ProbeResult::Failed);

async fn probe(name: &str, handle: &str) -> Finding {
    let runtime = RUNTIMES.iter().find(|runtime| runtime.name == name).expect("a runtime of the harness");
    let finding = (runtime.probe)(handle).await;
    assert!(!finding.evidence.is_empty() && finding.evidence.lines().count() == 1, "{finding:?}");
    finding
}

fn result(finding: &Finding) -> (ProbeResult, ProbeResult) {
    (finding.runtime, finding.process)
}

/// Probes until it finds this.
async fn until(name: &str, handle: &str, wanted: (ProbeResult, ProbeResult)) -> Finding {
    let stopwatch = Clock::stopwatch();
    loop {
        let finding = probe(name, handle).await;
        if result(&finding) == wanted {
            return finding;
        }
        assert!(stopwatch.elapsed() < PATIENCE, "{handle}: {finding:?}");
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

/// A process of ours, which is gone with the test.
struct Process(Child);

impl Process {
    fn start() -> Self {
        let child = Command::new("sleep").arg("600").stdin(Stdio::null()).stdout(Stdio::null()).spawn();
        Self(child.expect("sleep runs"))
    }

    fn handle(&self) -> String {
        self.0.id().to_string()
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

// SESSION-14, SESSION-27
#[tokio::test]
async fn a_process_is_alive_until_it_ends_also_before_anybody_collects_it() {
    let mut process = Process::start();
    let handle = process.handle();
    assert_eq!(result(&probe("process", &handle).await), ALIVE);
    process.0.kill().expect("it is killed");
    // Where the system says nothing of it, a process that was not collected looks alive.
    if Path::new("/proc/self/stat").exists() {
        let finding = until("process", &handle, DEAD).await;
        assert!(finding.evidence.contains("waits to be collected"), "{finding:?}");
    }
    process.0.wait().expect("it is collected");
    let finding = probe("process", &handle).await;
    assert_eq!((result(&finding), finding.evidence), (DEAD, format!("there is no process {handle}")));
}

// SESSION-14, SESSION-27
#[tokio::test]
async fn a_process_of_somebody_else_counts_and_nonsense_tells_nothing() {
    assert_eq!(result(&probe("process", "1").await), ALIVE, "the first process is always there");
    for nonsense in ["", "0", "-1", "+1", "1.5", "agent", "1 2", "4294967297"] {
        assert_eq!(result(&probe("process", nonsense).await), FAILED, "{nonsense:?}");
    }
    for nonsense in ["", "-L", "-t agents", ":1", "agents.1", "a\nb"] {
        assert_eq!(result(&probe("tmux", nonsense).await), FAILED, "{nonsense:?}");
    }
}

/// A tmux session of ours on the server of whoever runs the tests: nobody else's has its name.
struct Session(String);

impl Session {
    fn start() -> Self {
        let name = format!("agentforum-probe-{}", std::process::id());
        tmux(&["new-session", "-d", "-s", &name, "sleep", "600"]);
        Self(name)
    }

    /// The one pane: where it is, what it is called, and which process it has.
    fn pane(&self) -> [String; 3] {
        let format = "#{window_index}.#{pane_index} #{pane_id} #{pane_pid}";
        let listed = tmux(&["list-panes", "-s", "-t", &format!("={}:", self.0), "-F", format]);
        let words: Vec<_> = listed.split_whitespace().map(str::to_owned).collect();
        words.try_into().unwrap_or_else(|_| panic!("one pane: {listed}"))
    }
}

impl Drop for Session {
    fn drop(&mut self) {
        let _ = Command::new("tmux").args(["kill-session", "-t", &format!("={}", self.0)]).output();
    }
}

fn tmux(arguments: &[&str]) -> String {
    let output = Command::new("tmux").args(arguments).stdin(Stdio::null()).output().expect("tmux runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{arguments:?}: {said}");
    String::from_utf8(output.stdout).expect("text")
}

// SESSION-14, SESSION-27
#[tokio::test]
async fn a_tmux_session_may_live_without_its_agent_and_names_are_exact() {
    if on_path("tmux").is_none() {
        missing("tmux", "it is not installed");
        return;
    }
    let session = Session::start();
    let name = session.0.clone();
    tmux(&["set-option", "-w", "-t", &format!("={name}:"), "remain-on-exit", "on"]);
    let [place, id, pid] = session.pane();
    let (window, _) = place.split_once('.').expect("a window and a pane");
    for handle in [
        name.clone(),
        format!("{name}:{window}"),
        format!("{name}:{place}"),
        format!("{name}:{window}.{id}"),
        id.clone(),
    ] {
        let finding = probe("tmux", &handle).await;
        assert_eq!(
            (result(&finding), finding.evidence),
            (ALIVE, format!("pane {id}: process {pid} is there")),
            "{handle}"
        );
    }
    for handle in [format!("{name}:97"), format!("{name}:{window}.97"), format!("{name}:no-such-window")] {
        assert_eq!(result(&probe("tmux", &handle).await), ENDED, "{handle}");
    }
    // What tmux itself would take for a beginning of the name, or for a pattern.
    for handle in [&name[..name.len() - 1], "agentforum-probe-*"] {
        assert_eq!(result(&probe("tmux", handle).await), DEAD, "{handle}");
    }

    let agent = Pid::from_raw(pid.parse().expect("a process id"));
    kill(agent, Signal::SIGKILL).expect("the agent is killed");
    for handle in [name.clone(), format!("{name}:{place}"), id.clone()] {
        until("tmux", &handle, ENDED).await;
    }
    drop(session);
    until("tmux", &name, DEAD).await;
}
