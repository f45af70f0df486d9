//! Watching runs: what is told, how often, and to whom.

use serde_json::json;
use tests::runs::{SIGNAL, signal_of};
use tests::system::System;
use tokio::process::Command;

use super::{PASSED, signal, started};
use crate::command::{Shell, finished};

// RUN-22, CLI-2, CLI-7
#[tokio::test]
async fn alerts_come_once_per_change_and_each_runs_the_command_once() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let run = started(&shell, &["--agent", "ada"]).await;
    let file = system.state().join("alerts");
    let variables = "$AGENTFORUM_ALERT|$AGENTFORUM_RUN_ID|$AGENTFORUM_AGENT|$AGENTFORUM_THREAD_ID|$AGENTFORUM_HINT";
    let command = format!("echo \"{variables}\" >> '{}'; echo notified", file.display());
    let mut watching = shell.follow(&["watch", "--json", "--notify-command", &command]);
    assert!(watching.note().await.starts_with("watching http://127.0.0.1:"));

    let asked = shell.json(&signal(&run, "guidance_request", &["--question", "Which?"])).await;
    let thread = asked["thread"]["thread_id"].as_str().expect("a thread").to_owned();
    let needed = watching.json().await;
    let answer = format!("answer ada: agentforum forum answer {thread} \"...\"");
    let expected = json!({"alert": "guidance_needed", "run_id": run, "agent_name": "ada", "thread_id": thread,
        "title": "Which?", "hint": answer, "at_pos": needed["at_pos"]});
    assert_eq!(needed, expected);
    assert_eq!(watching.note().await, "notified", "what the command says is no data");

    shell.say(&["forum", "answer", &thread, "this"]).await;
    shell.say(&signal(&run, "completion", &[])).await;
    shell.say(&signal(&run, "validation", &PASSED)).await;
    let done = watching.json().await;
    assert_eq!((&done["alert"], &done["run_id"], &done["title"]), (&json!("run_done"), &json!(run), &json!("Ship it")));
    let close = format!("every gate is open: agentforum run close {run}");
    assert_eq!((&done["hint"], done.get("agent_name"), done.get("thread_id")), (&json!(close), None, None));
    assert_eq!(watching.note().await, "notified");

    shell.say(&["run", "close", &run]).await;
    let other = started(&shell, &[]).await;
    shell.say(&signal(&other, "guidance_request", &["--question", "And here?"])).await;
    let next = watching.json().await;
    assert_eq!((&next["alert"], &next["run_id"]), (&json!("guidance_needed"), &json!(other)), "closing told nothing");
    assert_eq!(watching.note().await, "notified");
    watching.interrupt();
    let ended = watching.end().await;
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
    let notified = std::fs::read_to_string(&file).expect("what the command was told");
    let lines: Vec<_> = notified.lines().collect();
    assert_eq!(lines.len(), 3, "{notified}");
    assert_eq!(lines[0], format!("guidance_needed|{run}|ada|{thread}|{answer}"));
    assert_eq!(lines[1], format!("run_done|{run}|||{close}"));
    system.stop().await;
}

// RUN-22, CLI-7, CLI-11
#[tokio::test]
async fn a_watch_of_one_run_begins_with_what_stands_and_a_failing_command_is_a_warning() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let (run, other) = (started(&shell, &[]).await, started(&shell, &[]).await);
    for run in [&run, &other] {
        shell.say(&signal(run, "guidance_request", &["--question", "Which?"])).await;
    }
    let mut watching = shell.follow(&["watch", "--run", &run, "--notify-command", "exit 3"]);
    assert_eq!(watching.line().await, format!("guidance_needed  {run}  ada: Which?"));
    assert!(watching.line().await.starts_with("  answer ada: agentforum forum answer ctl_"));
    let warning = "warning: --notify-command: it ended with exit status: 3";
    assert_eq!(watching.note().await, warning);
    assert!(watching.note().await.starts_with("watching "));
    for (moves, alert) in [(vec!["failed"], "run_failed"), (vec!["running", "stopping", "stopped"], "run_stopped")] {
        for state in moves {
            shell.say(&["run", "state", &other, state]).await;
            shell.say(&["run", "state", &run, state]).await;
        }
        assert_eq!(watching.line().await, format!("{alert}  {run}: Ship it"));
        assert_eq!(watching.line().await, format!("  go on with it: agentforum run state {run} running"));
        assert_eq!(watching.note().await, warning);
    }
    watching.interrupt();
    let ended = watching.end().await;
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
    system.stop().await;
}

// CLI-11
#[tokio::test]
async fn a_reader_that_leaves_ends_a_watch_of_runs_quietly() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let run = started(&shell, &[]).await;
    let line = r#""$0" watch --quiet | head -n 1; echo "exit ${PIPESTATUS[0]}""#;
    let program = tests::system::program().to_str().expect("a path of UTF-8");
    // It learns that nobody reads when it writes the next time: so each request is replaced by another.
    let happening = async {
        loop {
            let request = signal_of(&run, "ada", "guidance_request", json!({ "question": "Which?" }), "agent");
            assert_eq!(system.owner.post(SIGNAL, &request).await.status, 200);
        }
    };
    let ended = tokio::select! {
        ended = finished(shell.prepared(Command::new("bash"), &["-c", line, program])) => ended,
        () = happening => unreachable!("it never ends by itself"),
    };
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert_eq!((lines.len(), lines[1], ended.stderr.as_str()), (2, "exit 0", ""), "{lines:?}");
    system.stop().await;
}
