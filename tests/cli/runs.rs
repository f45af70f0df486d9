//! Runs at the command line: started, shown, moved and closed.

mod alerts;
mod operator;
mod signals;

use serde_json::json;
use tests::system::{Setup, System};
use tests::world::World;

use crate::command::Shell;

/// Starts a run; its id.
async fn started(shell: &Shell, more: &[&str]) -> String {
    let start = ["run", "start", "--ticket", "T-1", "--title", "Ship it"];
    let started = shell.json(&[&start, more].concat()).await;
    started["run"]["run_id"].as_str().expect("a run").to_owned()
}

/// The arguments of a signal of ada.
fn signal<'a>(run: &'a str, kind: &'a str, more: &[&'a str]) -> Vec<&'a str> {
    let signal = ["forum", "signal", "--run", run, "--agent", "ada", "--type", kind];
    [&signal, more].concat()
}

const PASSED: [&str; 4] = ["--status", "passed", "--done-criteria", "tests pass"];

// CLI-2, CLI-3, RUN-1, RUN-12
#[tokio::test]
async fn a_run_is_started_listed_shown_moved_and_closed() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let start = ["run", "start", "--ticket", "T-1", "--ticket", "T-2", "--title", "Ship it", "--agent", "ada"];
    let printed = shell.say(&[&start[..], &["--goal", "it ships", "--until", "planning"]].concat()).await;
    let run = printed.strip_suffix("  planning\n").expect("its id and its state").to_owned();
    assert!(run.starts_with("run_"), "{printed}");
    let begun = shell.say(&["run", "state", &run, "running", "--done-criteria", "tests pass"]).await;
    assert_eq!(begun, format!("{run}  running\n"));

    let listed = shell.say(&["run", "list", "--state", "running,paused", "--ticket", "T-2"]).await;
    assert_eq!(listed.lines().count(), 2, "a heading and a run: {listed}");
    assert!(listed.lines().nth(1).expect("a run").starts_with(&run), "{listed}");
    let none = shell.run(&["run", "list", "--state", "closed"]).await;
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.as_str()), (Some(0), "", "no runs match\n"));
    let other = started(&shell, &[]).await;
    let page = shell.run(&["run", "list", "--limit", "1"]).await;
    assert!(page.stdout.contains(&other) && !page.stdout.contains(&run), "the newest first: {}", page.stdout);
    let cursor = page.stderr.split("--cursor ").nth(1).expect("the way on").trim().to_owned();
    let next = shell.json(&["run", "list", "--limit", "1", "--cursor", &cursor]).await;
    assert_eq!(next["items"][0]["run_id"], json!(run));

    let shown = shell.say(&["run", "show", &run]).await;
    assert!(shown.starts_with(&format!("Ship it\n{run}  running  standard\n")), "{shown}");
    assert!(shown.contains("\nagents ada\n") && shown.contains("\ndone criteria\n    tests pass"), "{shown}");
    system.settle().await;
    let snapshot = shell.say(&["run", "snapshot", &run]).await;
    assert!(snapshot.contains("\nnobody waits for guidance\n") && snapshot.contains("\nada    -"), "{snapshot}");
    for (arguments, path) in [
        (vec!["run", "list"], "/api/v1/runs".to_owned()),
        (vec!["run", "show", &run], format!("/api/v1/runs/{run}")),
        (vec!["run", "snapshot", &run], format!("/api/v1/runs/{run}/snapshot")),
    ] {
        assert_eq!(shell.json(&arguments).await, system.owner.get(&path).await.body, "{arguments:?}");
    }

    let past_the_gates = shell.run(&["run", "state", &run, "closed"]).await;
    assert_eq!((past_the_gates.code, past_the_gates.stdout.as_str()), (Some(3), ""));
    assert!(past_the_gates.stderr.contains("code: illegal_transition (HTTP 409)"), "{}", past_the_gates.stderr);
    shell.say(&["run", "state", &run, "completed", "--reason", "by hand"]).await;
    assert_eq!(shell.say(&["run", "close", &run]).await, format!("{run}  closed\n"));
    assert_eq!(shell.run(&["run", "state", &run, "running"]).await.code, Some(3));
    assert_eq!(shell.run(&signal(&run, "completion", &[])).await.code, Some(3), "the run is closed");
    let unknown = shell.run(&["run", "snapshot", "run_0199a0a0-0000-7000-8000-000000000000"]).await;
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(1), ""));
    assert!(unknown.stderr.contains("code: not_found (HTTP 404)"), "{}", unknown.stderr);
    system.stop().await;
}

// CLI-4
#[tokio::test]
async fn a_run_started_twice_under_one_key_is_one_run() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let key = ["--idempotency-key", "once"];
    assert_eq!(started(&shell, &key).await, started(&shell, &key).await);
    assert_eq!(system.number("SELECT count(*) FROM runs").await, 1);
    system.stop().await;
}

// CLI-3, RUN-10, RUN-11
#[tokio::test]
async fn a_close_that_is_refused_names_every_shut_gate_and_who_owes_it() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let run = started(&shell, &["--mode", "bootstrap", "--agent", "ada", "--agent", "bob"]).await;
    shell.say(&signal(&run, "completion", &["--summary", "done"])).await;
    let head = system.settle().await;
    let refused = shell.run(&["run", "close", &run]).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(3), ""));
    for line in [
        "  brief_missing  -  the run has no brief",
        "  validation_missing  ada  no validation was sent",
        "  completion_missing  bob  no completion was sent",
        "  validation_missing  bob  no validation was sent",
        "  code: gate_not_met (HTTP 422)",
    ] {
        assert!(refused.stderr.lines().any(|found| found == line), "{line} is missing in\n{}", refused.stderr);
    }
    assert!(!refused.stderr.contains("completion_missing  ada"), "that one is open: {}", refused.stderr);
    assert_eq!(system.settle().await, head, "nothing happened");
    system.stop().await;
}

// CLI-1
#[tokio::test]
async fn commands_on_runs_fail_where_no_server_is_and_say_how_to_start_one() {
    let setup = Setup::running();
    let (shell, address) = Shell::without_a_server(&setup).await;
    for arguments in [
        vec!["run", "list"],
        vec!["run", "snapshot", "run_x"],
        signal("run_x", "completion", &[]),
        vec!["watch"],
        vec!["operator", "--execute"],
    ] {
        let ended = shell.run(&arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(&address) && ended.stderr.contains("agentforum up"), "{}", ended.stderr);
    }
}
