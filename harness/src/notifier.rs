//! `notify.command`: the command that `up` runs for each notification, once (SPEC REACT-12, REACT-16). It runs outside of
//! every transaction, so a slow or failing one delays no write; how it ended is stored with the notification.

use std::process::Stdio;
use std::time::Duration;

use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use react_nudges::ReactNudges;
use shared::ctx::Ctx;
use shared::function::Function;
use shared::store::notifications::{self, Notification};
use shared::store::{Commit, Durability};
use shared::value::{Scope, Word};
use tokio::process::{Child, Command};
use tokio_util::sync::CancellationToken;

/// What is raised by others than the reaction rings no bell, and what could not be read or stored is tried again.
const INTERVAL: Duration = Duration::from_secs(1);
/// Notifications read at once.
const BATCH: u32 = 50;
/// A command that takes longer is killed: whatever comes next waits for it.
const PATIENCE: Duration = Duration::from_secs(30);

/// How a command ended.
#[derive(Debug, PartialEq, Eq)]
enum Ended {
    Well,
    /// Why. The command itself is not in it: it may hold a secret.
    Badly(String),
    /// It was stopped before it ended by itself.
    Stopped,
}

/// Runs the command for whatever people are to be told, one at a time and in order, until told to stop.
pub(crate) async fn run(ctx: Ctx, command: String, stop: CancellationToken) {
    let mut reacted = ctx.bells.projection(ReactNudges::NAME);
    loop {
        if deliver(&ctx, &command, &stop).await {
            continue;
        }
        let rung = tokio::time::timeout(INTERVAL, reacted.changed());
        tokio::select! {
            biased;
            () = stop.cancelled() => return,
            // The bell hangs as long as the process lives.
            _ = rung => {}
        }
    }
}

/// Tells of a batch of notifications. Whether it was full, so that there may be more.
async fn deliver(ctx: &Ctx, command: &str, stop: &CancellationToken) -> bool {
    let waiting = match ctx.store.read(|reader| notifications::to_deliver(reader, BATCH)).await {
        Ok(waiting) => waiting,
        Err(error) => {
            tracing::error!(%error, "notifications could not be read; trying again");
            return false;
        }
    };
    let is_full = waiting.len() == BATCH as usize;
    for (scope, notification) in waiting {
        let sent = match run_once(command, variables(&notification), PATIENCE, stop).await {
            Ended::Well => true,
            Ended::Badly(why) => {
                let notification_id = &notification.notification_id;
                tracing::warn!(notification_id, why, "notify.command failed; it is not run again for this one");
                false
            }
            // It stays to be told: the next start does so.
            Ended::Stopped => return false,
        };
        if !note(ctx, &scope, &notification, sent, stop).await {
            return false;
        }
    }
    is_full
}

/// Stores how it went, again and again until that works: what is not stored would be told twice. Whether it is stored.
async fn note(ctx: &Ctx, scope: &Scope, told: &Notification, sent: bool, stop: &CancellationToken) -> bool {
    loop {
        // Lost in a power cut, it is told once more.
        let delivered = notifications::delivered(scope, &told.notification_id, sent);
        let commit = Commit::new(Durability::Normal, ctx.housekeeping("notifier")).then(delivered);
        let Err(error) = ctx.store.commit(commit).await else { return true };
        tracing::error!(%error, "how notify.command ended could not be stored; trying again");
        tokio::select! {
            biased;
            () = stop.cancelled() => return false,
            () = tokio::time::sleep(INTERVAL) => {}
        }
    }
}

/// Runs the command to its end, to the end of patience, or until told to stop. What it says goes to the log's stream.
async fn run_once(
    command: &str,
    variables: [(&'static str, String); 11],
    patience: Duration,
    stop: &CancellationToken,
) -> Ended {
    if stop.is_cancelled() {
        return Ended::Stopped;
    }
    let mut shell = Command::new("sh");
    shell.arg("-c").arg(command).envs(variables).stdin(Stdio::null()).stdout(Stdio::null());
    // A group of its own, so that what the shell started ends with it, and no sooner than we say.
    let mut child = match shell.process_group(0).kill_on_drop(true).spawn() {
        Ok(child) => child,
        Err(error) => return Ended::Badly(format!("cannot run sh: {error}")),
    };
    let ended = tokio::select! {
        biased;
        ended = tokio::time::timeout(patience, child.wait()) => Some(ended),
        () = stop.cancelled() => None,
    };
    match ended {
        Some(Ok(Ok(status))) if status.success() => Ended::Well,
        Some(Ok(Ok(status))) => Ended::Badly(format!("it ended with {status}")),
        Some(Ok(Err(error))) => Ended::Badly(format!("cannot tell how it ended: {error}")),
        Some(Err(_)) => {
            kill(&mut child).await;
            Ended::Badly(format!("it did not end within {} s and was killed", patience.as_secs()))
        }
        None => {
            kill(&mut child).await;
            Ended::Stopped
        }
    }
}

/// Kills the shell and what it started.
async fn kill(child: &mut Child) {
    if let Some(group) = child.id().and_then(|id| i32::try_from(id).ok()) {
        // Ended in the meantime is as good.
        let _ = killpg(Pid::from_raw(group), Signal::SIGKILL);
    }
    // How it ended is known.
    let _ = child.wait().await;
}

/// What the command is told. A variable is there also when it has nothing to say, so that none is inherited.
fn variables(notification: &Notification) -> [(&'static str, String); 11] {
    let about = &notification.about;
    let or_empty = |text: &Option<String>| text.as_deref().map(line).unwrap_or_default();
    [
        ("AGENTFORUM_ALERT", notification.kind.as_str().to_owned()),
        ("AGENTFORUM_NOTIFICATION_ID", notification.notification_id.clone()),
        ("AGENTFORUM_PRIORITY", notification.priority.as_str().to_owned()),
        ("AGENTFORUM_TITLE", line(&notification.title)),
        ("AGENTFORUM_HINT", line(&notification.body)),
        ("AGENTFORUM_URL", or_empty(&notification.url)),
        ("AGENTFORUM_TICKET", or_empty(&about.ticket)),
        ("AGENTFORUM_RUN_ID", or_empty(&about.run_id)),
        ("AGENTFORUM_SESSION_ID", or_empty(&about.session_id)),
        ("AGENTFORUM_AGENT", or_empty(&about.agent_name)),
        ("AGENTFORUM_THREAD_ID", or_empty(&about.thread_id)),
    ]
}

/// Text by others on one line without control characters: none may end a variable, and scripts print them.
fn line(text: &str) -> String {
    let words = text.split_whitespace();
    let words = words.map(|word| word.chars().filter(|letter| !letter.is_control()).collect::<String>());
    words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    use shared::clock::{Clock, Time};
    use shared::store::notifications::About;
    use shared::value::{NotificationKind, Priority};

    use super::*;

    fn notification() -> Notification {
        Notification {
            id: 1,
            notification_id: "ntf_1".to_owned(),
            project_id: "local".to_owned(),
            kind: NotificationKind::NeedsInput,
            subject: "local-1".to_owned(),
            priority: Priority::High,
            title: "ada waits\u{1b}[2J".to_owned(),
            body: "say\n\u{0} something".to_owned(),
            url: None,
            about: About {
                session_id: Some("local-1".to_owned()),
                agent_name: Some("ada".to_owned()),
                ..About::default()
            },
            created_at: Time(0),
            read_at: None,
            read_by: None,
            resolved_at: None,
            delivery: "pending".to_owned(),
        }
    }

    async fn ended(command: &str, patience: Duration, stop: &CancellationToken) -> Ended {
        run_once(command, variables(&notification()), patience, stop).await
    }

    /// Waits until a command has made its file.
    async fn made(file: &Path) {
        while !file.exists() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    // REACT-16
    #[tokio::test]
    async fn the_command_is_told_everything_on_lines_of_its_own() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("told");
        let command =
            format!("env | grep ^AGENTFORUM_ | sort > '{}'; test \"${{AGENTFORUM_URL-unset}}\" = ''", file.display());
        assert_eq!(ended(&command, PATIENCE, &CancellationToken::new()).await, Ended::Well);
        let told = std::fs::read_to_string(&file).expect("what it was told");
        for (name, value) in [
            ("ALERT", "needs_input"),
            ("NOTIFICATION_ID", "ntf_1"),
            ("PRIORITY", "high"),
            ("TITLE", "ada waits[2J"),
            ("HINT", "say something"),
            ("URL", ""),
            ("TICKET", ""),
            ("RUN_ID", ""),
            ("SESSION_ID", "local-1"),
            ("AGENT", "ada"),
            ("THREAD_ID", ""),
        ] {
            let expected = format!("AGENTFORUM_{name}={value}");
            assert!(told.lines().any(|line| line == expected), "{expected} is not in {told}");
        }
    }

    // REACT-16
    #[tokio::test]
    async fn a_command_that_fails_or_hangs_is_told_apart_and_not_named() {
        let stop = CancellationToken::new();
        assert_eq!(
            ended("exit 3 # secret", PATIENCE, &stop).await,
            Ended::Badly("it ended with exit status: 3".to_owned())
        );
        let stopwatch = Clock::stopwatch();
        let hanging = ended("sleep 600 & wait", Duration::from_secs(1), &stop).await;
        assert_eq!(hanging, Ended::Badly("it did not end within 1 s and was killed".to_owned()));
        assert!(stopwatch.elapsed() < Duration::from_secs(20));
    }

    // REACT-12, LIFECYCLE-7
    #[tokio::test]
    async fn a_stop_ends_a_command_at_once() {
        let directory = tempfile::tempdir().expect("a directory");
        let file = directory.path().join("begun");
        let command = format!("sleep 600 & echo begun > '{}'; wait", file.display());
        let stop = CancellationToken::new();
        let stopwatch = Clock::stopwatch();
        let stopping = async {
            made(&file).await;
            stop.cancel();
        };
        let (ended_so, ()) = tokio::join!(ended(&command, PATIENCE, &stop), stopping);
        assert_eq!(ended_so, Ended::Stopped);
        assert!(stopwatch.elapsed() < Duration::from_secs(20));
        assert_eq!(ended("true", PATIENCE, &stop).await, Ended::Stopped, "nothing is begun any more");
    }
}
