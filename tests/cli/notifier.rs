//! `notify.command` of a system that runs: what people are told reaches it, once each, and nothing waits for it.

use std::path::{Path, PathBuf};
use std::time::Duration;

use nix::sys::signal::Signal;
use serde_json::{Value, json};
use shared::clock::Clock;
use tempfile::TempDir;
use tests::system::{Client, Server};

const SESSIONS: &str = "/api/v1/sessions";
const NOTIFICATIONS: &str = "/api/v1/notifications";
/// A command is run within a second of its reason.
const PATIENCE: Duration = Duration::from_secs(30);

/// A place for one system.
struct Place {
    directory: TempDir,
}

impl Place {
    fn new() -> Self {
        Self { directory: tempfile::tempdir().expect("a temporary directory") }
    }

    fn database(&self) -> PathBuf {
        self.directory.path().join("state").join("agentforum.db")
    }

    fn file(&self) -> PathBuf {
        self.directory.path().join("told")
    }

    /// Starts the program with this command for the shell.
    async fn started(&self, command: &str) -> (Server, Client) {
        let flags = ["--addr", "127.0.0.1:0", "--json", "--notify-command", command];
        let server = Server::start_with(&self.database(), &flags).await;
        let owner = server.owner(&self.database());
        (server, owner)
    }

    /// What the command was told so far, line by line.
    fn told(&self) -> Vec<String> {
        let text = std::fs::read_to_string(self.file()).unwrap_or_default();
        text.split_inclusive('\n').filter_map(|line| line.strip_suffix('\n')).map(str::to_owned).collect()
    }

    /// Waits until it was told this often.
    async fn told_times(&self, times: usize) -> Vec<String> {
        let stopwatch = Clock::stopwatch();
        loop {
            let told = self.told();
            if told.len() >= times {
                return told;
            }
            assert!(stopwatch.elapsed() < PATIENCE, "{told:?}");
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
    }
}

/// A command that writes these variables into a file, one line for each time it is run.
fn writing(variables: &str, file: &Path) -> String {
    format!("echo \"{variables}\" >> '{}'", file.display())
}

async fn session(owner: &Client) -> String {
    let started =
        owner.post(SESSIONS, &json!({ "agent_name": "ada", "ticket": "T-1", "harness": "claude-code" })).await;
    assert_eq!(started.status, 201, "{}", started.body);
    started.text("/session/session_id")
}

async fn report(owner: &Client, session: &str, activity: &str) {
    let answer = owner.post(&format!("{SESSIONS}/{session}/activity"), &json!({ "activity": activity })).await;
    assert_eq!(answer.status, 200, "{}", answer.body);
}

/// The notification of this kind, once it stands so.
async fn delivered(owner: &Client, kind: &str, delivery: &str) -> Value {
    let stopwatch = Clock::stopwatch();
    loop {
        let page = owner.get(&format!("{NOTIFICATIONS}?kind={kind}")).await;
        let found = page.list("/items").iter().find(|notification| notification["delivery"] == delivery);
        if let Some(notification) = found {
            return notification.clone();
        }
        assert!(stopwatch.elapsed() < PATIENCE, "{}", page.body);
        tokio::time::sleep(Duration::from_millis(10)).await;
    }
}

async fn stopped(server: Server) {
    let stopwatch = Clock::stopwatch();
    server.signal(Signal::SIGTERM);
    assert_eq!(server.end().await.0, Some(0));
    assert!(stopwatch.elapsed() < Duration::from_secs(10), "it took {:?}", stopwatch.elapsed());
}

// REACT-6, REACT-14, REACT-16
#[tokio::test]
async fn the_command_runs_once_for_each_notification_and_in_their_order() {
    let place = Place::new();
    let variables = "$AGENTFORUM_ALERT|$AGENTFORUM_NOTIFICATION_ID|$AGENTFORUM_PRIORITY|$AGENTFORUM_TICKET|\
                     $AGENTFORUM_SESSION_ID|$AGENTFORUM_AGENT|$AGENTFORUM_RUN_ID|$AGENTFORUM_THREAD_ID|$AGENTFORUM_URL|\
                     $AGENTFORUM_TITLE|$AGENTFORUM_HINT";
    let (server, owner) = place.started(&writing(variables, &place.file())).await;
    let session = session(&owner).await;
    report(&owner, &session, "waiting_input").await;
    place.told_times(1).await;
    let waits = delivered(&owner, "needs_input", "sent").await;
    report(&owner, &session, "active").await;
    report(&owner, &session, "blocked").await;
    let told = place.told_times(2).await;
    let stuck = delivered(&owner, "stuck", "sent").await;
    assert_eq!(told.len(), 2, "{told:?}");
    for (line, notification) in told.iter().zip([waits, stuck]) {
        let text = |member: &str| notification[member].as_str().unwrap_or_else(|| panic!("{notification}"));
        let (kind, id, title, hint) = (text("kind"), text("notification_id"), text("title"), text("body"));
        assert_eq!(*line, format!("{kind}|{id}|high|T-1|{session}|ada||||{title}|{hint}"));
    }
    stopped(server).await;
    let (server, owner) = place.started(&writing("again", &place.file())).await;
    report(&owner, &session, "active").await;
    stopped(server).await;
    assert_eq!(place.told(), told, "what was told is not told again");
}

// REACT-12, REACT-16, LIFECYCLE-7
#[tokio::test]
async fn a_command_that_hangs_holds_up_neither_writes_nor_the_end_and_is_run_again_after_it() {
    let place = Place::new();
    let hanging = format!("{}; sleep 600", writing("begun $AGENTFORUM_ALERT", &place.file()));
    let (server, owner) = place.started(&hanging).await;
    let session = session(&owner).await;
    report(&owner, &session, "waiting_input").await;
    assert_eq!(place.told_times(1).await, ["begun needs_input"]);
    report(&owner, &session, "active").await;
    report(&owner, &session, "blocked").await;
    delivered(&owner, "stuck", "pending").await;
    stopped(server).await;

    let (server, owner) = place.started(&writing("told $AGENTFORUM_ALERT", &place.file())).await;
    assert_eq!(place.told_times(3).await, ["begun needs_input", "told needs_input", "told stuck"]);
    for kind in ["needs_input", "stuck"] {
        delivered(&owner, kind, "sent").await;
    }
    stopped(server).await;
}

// REACT-14, REACT-16
#[tokio::test]
async fn a_command_that_fails_is_said_to_have_failed_and_is_not_run_again() {
    let place = Place::new();
    let failing = format!("{}; exit 3", writing("$AGENTFORUM_ALERT", &place.file()));
    let (server, owner) = place.started(&failing).await;
    let session = session(&owner).await;
    for (activity, kind) in [("waiting_input", "needs_input"), ("blocked", "stuck")] {
        report(&owner, &session, activity).await;
        delivered(&owner, kind, "failed").await;
    }
    assert_eq!(place.told(), ["needs_input", "stuck"]);
    assert_eq!(owner.get("/api/v1/health").await.text("/status"), "ok");
    stopped(server).await;
}
