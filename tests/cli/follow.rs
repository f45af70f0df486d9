//! Commands that wait and follow.

use serde_json::json;
use tests::system::{Server, Setup, System, question};
use tokio::process::Command;

use crate::command::{Shell, finished};

const ASK: [&str; 7] = ["forum", "ask", "--title", "Wait", "--ticket", "T-1", "What now?"];

// CLI-5
#[tokio::test]
async fn asking_with_wait_ends_with_the_answer() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let mut asking = shell.follow(&[&ASK[..], &["--option", "yes", "--wait", "20s", "--json"]].concat());
    let note = asking.note().await;
    let thread = note.split_whitespace().find(|word| word.starts_with("thr_")).expect("the thread").replace(';', "");
    shell.say(&["forum", "post", &thread, "thinking"]).await;
    shell.say(&["forum", "answer", &thread, "go", "--option", "yes"]).await;
    let ended = asking.end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let printed: serde_json::Value = serde_json::from_str(&ended.stdout).expect("one document");
    let expected =
        json!({ "thread_id": thread, "status": "answered", "answer": "go", "option": "yes", "answered_by": "owner" });
    assert_eq!(printed, expected);
    system.stop().await;
}

// CLI-5
#[tokio::test]
async fn asking_without_an_answer_in_time_is_pending_and_1() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let pending = shell.run(&[&ASK[..], &["--wait", "100ms", "--json"]].concat()).await;
    let printed: serde_json::Value = serde_json::from_str(&pending.stdout).expect("one document");
    assert_eq!((pending.code, &printed["status"]), (Some(1), &json!("pending")));
    assert_eq!(printed.get("answer"), None);
    system.stop().await;
}

// CLI-5
#[tokio::test]
async fn asking_ends_when_the_thread_is_closed_without_an_answer() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let mut asking = shell.follow(&[&ASK[..], &["--wait", "20s"]].concat());
    let note = asking.note().await;
    let thread = note.split_whitespace().find(|word| word.starts_with("thr_")).expect("the thread").replace(';', "");
    shell.say(&["forum", "close", &thread]).await;
    let ended = asking.end().await;
    assert_eq!((ended.code, ended.stdout), (Some(1), format!("{thread}  pending\n")));
    system.stop().await;
}

// CLI table: watch resumes by itself; LOG-16
#[tokio::test]
async fn watching_goes_on_through_a_restart_with_each_event_once() {
    let setup = Setup::running();
    let database = setup.database();
    let server = Server::start(&database).await;
    let address = server.url().replace("http://", "");
    let shell = Shell::at(&server.url(), &database);
    let mut watching = shell.follow(&["forum", "watch", "--cursor", "0", "--json"]);
    shell.ask("One", &[]).await;
    shell.ask("Two", &[]).await;
    assert_eq!((&watching.json().await["pos"], &watching.json().await["pos"]), (&json!(1), &json!(2)));
    server.kill().await;
    let server = Server::start_with(&database, &["--addr", &address, "--json"]).await;
    shell.ask("Three", &[]).await;
    assert_eq!(watching.json().await["pos"], 3);
    server.kill().await;
    let server = Server::start_with(&database, &["--addr", &address, "--json"]).await;
    shell.ask("Four", &[]).await;
    let four = watching.json().await;
    assert_eq!((&four["pos"], &four["payload"]["title"]), (&json!(4), &json!("Four")));
    watching.interrupt();
    let ended = watching.end().await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""), "{}", ended.stderr);
    assert_eq!(ended.stderr.matches("connected again").count(), 2, "{}", ended.stderr);
    server.kill().await;
}

// CLI-11
#[tokio::test]
async fn a_reader_that_leaves_ends_it_quietly() {
    let system = System::running().await;
    for n in 0..20 {
        assert_eq!(system.owner.post("/api/v1/forum/threads", &question(&n.to_string())).await.status, 201);
    }
    let shell = Shell::of(&system);
    let line = r#""$0" forum watch --cursor 0 --quiet | head -n 2; echo "exit ${PIPESTATUS[0]}""#;
    let program = tests::system::program().to_str().expect("a path of UTF-8");
    // It learns that nobody reads when it writes the next time: so things go on happening.
    let happening = async {
        loop {
            system.owner.post("/api/v1/forum/threads", &question("More")).await;
            tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        }
    };
    let ended = tokio::select! {
        ended = finished(shell.prepared(Command::new("bash"), &["-c", line, program])) => ended,
        () = happening => unreachable!("it never ends by itself"),
    };
    let lines: Vec<_> = ended.stdout.lines().collect();
    assert_eq!((lines.len(), lines[2], ended.stderr.as_str()), (3, "exit 0", ""));
    system.stop().await;
}

// CLI-11
#[tokio::test]
async fn an_interrupt_ends_a_watch_quietly() {
    let system = System::running().await;
    let mut watching = Shell::of(&system).follow(&["forum", "watch", "--ticket", "T-1"]);
    assert!(watching.note().await.starts_with("watching http://127.0.0.1:"));
    watching.interrupt();
    let ended = watching.end().await;
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
    system.stop().await;
}
