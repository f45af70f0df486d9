//! Signals at the command line, and waiting for what they are answered.

use serde_json::{Value, json};
use tests::system::{Setup, System};
use tests::world::World;

use super::{PASSED, signal, started};
use crate::command::{Following, Shell};

/// The control thread that a waiting command names.
async fn asked_in(asking: &mut Following) -> String {
    let note = asking.note().await;
    note.split_whitespace().find(|word| word.starts_with("ctl_")).expect("the thread").replace(';', "")
}

// SIGNAL-1, SIGNAL-8, RUN-2, RUN-3, RUN-15, RUN-17
#[tokio::test]
async fn every_type_of_signal_is_sent_and_shows_in_the_snapshot() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let run = started(&shell, &["--agent", "ada", "--done-criteria", "tests pass"]).await;
    let question = ["--question", "Which?", "--context", "Both work.", "--option", "red", "--option", "blue"];
    let printed = shell.say(&signal(&run, "guidance_request", &question)).await;
    let thread = printed.strip_suffix("  waiting_human\n").expect("its thread and its state").to_owned();
    assert!(thread.starts_with("ctl_"), "{printed}");
    system.settle().await;
    let waiting = shell.say(&["run", "snapshot", &run]).await;
    let (stands, next) = (
        format!("\n{run}  awaiting_guidance  standard\n"),
        format!("\nnext\n  answer ada: agentforum forum answer {thread} "),
    );
    for part in [
        stands.as_str(),
        "\n1 agent blocked  ",
        "\nopen questions\n  ada  pending for ",
        ": Which?\n",
        "\n    options [1] red  [2] blue",
        "\nblockers\n  guidance  ada  ",
        "\nshut gates\n  guidance_pending  ada  ",
        next.as_str(),
    ] {
        assert!(waiting.contains(part), "{part:?} is missing in\n{waiting}");
    }

    let answered = shell.say(&signal(&run, "guidance_answer", &["--option", "red"])).await;
    assert_eq!(answered, format!("{thread}  answered\n"));
    let evidence = ["--summary", "done", "--evidence", "commit 1a2b3c", "--evidence", "make test"];
    let completed = shell.json(&signal(&run, "completion", &evidence)).await;
    assert_eq!(completed["control_state"]["completion"], json!(true));
    let validated = shell.json(&signal(&run, "validation", &PASSED)).await;
    assert_eq!(validated["control_state"]["validation_status"], json!("passed"));
    system.settle().await;
    let proved = shell.say(&["run", "snapshot", &run]).await;
    assert!(proved.contains(&format!("\n{run}  completed  standard\n")), "{proved}");
    let ada = proved.lines().find(|line| line.starts_with("ada ")).expect("a line per agent");
    assert_eq!(ada.split_whitespace().take(4).collect::<Vec<_>>(), ["ada", "yes", "passed", "answered"]);
    assert!(proved.contains(&format!("agentforum run close {run}")), "{proved}");
    system.stop().await;
}

// CLI-3
#[tokio::test]
async fn an_option_of_another_type_of_signal_is_wrong_usage_and_named() {
    let setup = Setup::running();
    let shell = Shell::at("http://127.0.0.1:1", &setup.database());
    for (kind, more, named) in [
        ("guidance_request", vec!["--question", "Q", "--summary", "S"], "--summary"),
        ("guidance_request", vec![], "--question"),
        ("guidance_request", vec!["--question", "Q", "--deadline", "whenever"], "--deadline"),
        ("guidance_answer", vec!["--answer", "A", "--wait", "1s"], "--wait"),
        ("completion", vec!["--status", "passed"], "--status"),
        ("validation", vec!["--status", "perfect", "--done-criteria", "D"], "--status"),
        ("validation", vec!["--status", "passed"], "--done-criteria"),
        ("guess", vec![], "--type"),
    ] {
        let ended = shell.run(&signal("run_1", kind, &more)).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{kind} {more:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(named), "{kind} {more:?}: {}", ended.stderr);
    }
}

// CLI-5, SIGNAL-13, SIGNAL-15
#[tokio::test]
async fn a_request_waits_until_it_is_answered_or_its_patience_ends() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let run = started(&shell, &["--agent", "ada"]).await;
    let question = ["--question", "Which?", "--option", "red", "--client-key", "q1", "--wait", "20s", "--json"];
    let mut asking = shell.follow(&signal(&run, "guidance_request", &question));
    let thread = asked_in(&mut asking).await;
    shell.say(&["forum", "post", &thread, "thinking"]).await;
    shell.say(&["forum", "answer", &thread, "--option", "red"]).await;
    let ended = asking.end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let printed: Value = serde_json::from_str(&ended.stdout).expect("one document");
    let expected =
        json!({ "thread_id": thread, "status": "answered", "answer": "red", "option": "red", "answered_by": "owner" });
    assert_eq!(printed, expected);
    let again = shell.run(&signal(&run, "guidance_request", &question)).await;
    assert_eq!(serde_json::from_str::<Value>(&again.stdout).ok(), Some(expected), "the same client key: the first one");
    assert_eq!(again.code, Some(0));

    let pending = shell.run(&signal(&run, "guidance_request", &["--question", "And now?", "--wait", "100ms"])).await;
    assert_eq!((pending.code, pending.stdout), (Some(1), format!("{thread}  pending\n")));
    let mut replaced = shell.follow(&signal(&run, "guidance_request", &["--question", "Or so?", "--wait", "20s"]));
    asked_in(&mut replaced).await;
    shell.say(&signal(&run, "guidance_request", &["--question", "Or rather?"])).await;
    let replaced = replaced.end().await;
    assert_eq!((replaced.code, replaced.stdout), (Some(1), format!("{thread}  superseded\n")));
    system.stop().await;
}

// CLI-5, SIGNAL-11
#[tokio::test]
async fn a_deadline_settles_a_request_with_its_default_or_without_an_answer() {
    let system = Setup::running().set("guidance.sweep", "100ms").start().await;
    let shell = Shell::of(&system);
    let (defaulting, parking) = (started(&shell, &[]).await, started(&shell, &[]).await);
    let question = ["--question", "Which?", "--deadline", "2s", "--wait", "25s", "--json"];
    let default = [&question[..], &["--on-timeout", "default", "--default", "red"]].concat();
    let park = [&question[..], &["--on-timeout", "park"]].concat();
    let default = shell.follow(&signal(&defaulting, "guidance_request", &default));
    let park = shell.follow(&signal(&parking, "guidance_request", &park));
    let (default, park) = (default.end().await, park.end().await);
    let read = |text: &str| serde_json::from_str::<Value>(text).expect("one document");
    let answered = read(&default.stdout);
    assert_eq!((default.code, &answered["status"]), (Some(0), &json!("auto_answered")), "{}", default.stderr);
    assert_eq!(answered["answer"], json!("red"));
    let parked = read(&park.stdout);
    assert_eq!((park.code, &parked["status"]), (Some(1), &json!("no_answer")), "{}", park.stderr);
    assert_eq!(parked.get("answer"), None);
    system.stop().await;
}
