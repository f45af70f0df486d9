//! Agents' sessions and pull requests at the command line: started, reported on, shown, ended, and written to.

use std::fs::File;

use serde_json::{Value, json};
use tests::system::{Setup, System};
use tests::world::World;

use crate::command::{Shell, finished};

const PR: &str = "https://example.com/acme/shop/pull/7";

/// Starts a session of ada; its id.
async fn started(shell: &Shell, more: &[&str]) -> String {
    let start = ["session", "start", "--ticket", "T-1", "--agent", "ada"];
    let started = shell.json(&[&start, more].concat()).await;
    started["session"]["session_id"].as_str().expect("a session").to_owned()
}

/// Starts a run, and in it a session of ada who works; their ids.
async fn at_work(shell: &Shell) -> (String, String) {
    let run = shell.json(&["run", "start", "--ticket", "T-1", "--title", "Ship it", "--agent", "ada"]).await;
    let run = run["run"]["run_id"].as_str().expect("a run").to_owned();
    let session = started(shell, &["--run", &run]).await;
    shell.say(&["session", "activity", &session, "active"]).await;
    (run, session)
}

/// The arguments of a probe that finds nothing left of a session.
fn gone(session: &str) -> [&str; 7] {
    ["session", "runtime", session, "--runtime", "dead", "--process", "dead"]
}

/// A system that takes a probe's word also right after the agent was heard of.
async fn credulous() -> System {
    Setup::running().set("probe.recent_activity", "0s").start().await
}

// CLI-2, CLI-3, SESSION-8, SESSION-17, SESSION-18, SESSION-22, SESSION-23
#[tokio::test]
async fn a_session_is_started_reported_on_killed_restored_and_ended() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let start = ["session", "start", "--ticket", "T-1", "--agent", "ada", "--launch", "l-1", "--prompt", "ship it"];
    assert_eq!(shell.say(&start).await, "default-1  spawning\n");
    let report = ["session", "activity", "default-1", "active", "--source", "hook", "--branch", "topic"];
    assert_eq!(shell.say(&[&report[..], &["--dirty", "true"]].concat()).await, "default-1  working\n");
    let probe = ["session", "runtime", "default-1", "--runtime", "alive", "--process", "ALIVE"];
    assert_eq!(shell.say(&probe).await, "default-1  working\n");
    let shown = shell.say(&["session", "show", "default-1"]).await;
    assert!(shown.starts_with("default-1\nworking  worker\nbecause state working since "), "{shown}");
    for part in [
        "\nalive, active at ",
        " by hook\n",
        ": runtime alive, process alive\n",
        "\nagent ada  ticket T-1\n",
        "\nbranch topic  not all committed\n",
        "\nlaunch l-1\n",
        "\n\nprompt\n    ship it\n",
    ] {
        assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
    }

    for _ in 0..2 {
        let kill = ["session", "kill", "default-1", "--reason", "not needed"];
        assert_eq!(shell.say(&kill).await, "default-1  killed\n", "killing it again is harmless");
    }
    let shown = shell.say(&["session", "show", "default-1"]).await;
    assert!(shown.contains("\nbecause termination_reason manually_killed since "), "{shown}");
    assert!(shown.contains(": manually_killed: not needed\n"), "{shown}");
    let late = shell.run(&["session", "activity", "default-1", "idle"]).await;
    assert_eq!((late.code, late.stdout.as_str()), (Some(0), "default-1  killed\n"), "{}", late.stderr);
    assert!(late.stderr.starts_with("note: nothing was changed"), "{}", late.stderr);

    let restore = ["session", "restore", "default-1", "--launch", "l-2"];
    assert_eq!(shell.say(&restore).await, "default-1  spawning\n");
    let again = shell.run(&restore).await;
    assert_eq!((again.code, again.stdout.as_str()), (Some(3), ""));
    assert!(again.stderr.contains("code: illegal_transition (HTTP 409)"), "{}", again.stderr);
    let outdated = shell.run(&["session", "activity", "default-1", "active", "--launch", "l-1"]).await;
    assert_eq!((outdated.code, outdated.stdout.as_str()), (Some(0), "default-1  spawning\n"));
    assert!(outdated.stderr.starts_with("note: nothing was changed"), "{}", outdated.stderr);
    for _ in 0..2 {
        assert_eq!(shell.say(&["session", "end", "default-1"]).await, "default-1  done\n");
    }
    let other = started(&shell, &[]).await;
    let cleanup = ["session", "end", &other, "--outcome", "cleanup"];
    assert_eq!(shell.say(&cleanup).await, format!("{other}  cleanup\n"));
    system.stop().await;
}

// CLI-2, CLI-3, HTTP-5, SESSION-23
#[tokio::test]
async fn sessions_are_listed_by_what_they_show_and_an_unknown_one_is_not_found() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let (run, session) = at_work(&shell).await;
    let other = started(&shell, &[]).await;
    let listed = shell.say(&["session", "list", "--status", "working,idle"]).await;
    assert_eq!(listed.lines().count(), 2, "a heading and a session: {listed}");
    let row = listed.lines().nth(1).expect("a session");
    assert!(row.starts_with(&format!("{session}  working  state working  ada ")), "{row}");
    let of_run = shell.json(&["session", "list", "--run", &run]).await;
    assert_eq!(of_run["items"].as_array().map(Vec::len), Some(1));
    let none = shell.run(&["session", "list", "--status", "merged"]).await;
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.as_str()), (Some(0), "", "no sessions match\n"));
    let page = shell.run(&["session", "list", "--limit", "1"]).await;
    assert!(page.stdout.contains(&other) && !page.stdout.contains(&session), "the newest first: {}", page.stdout);
    let cursor = page.stderr.split("--cursor ").nth(1).expect("the way on").trim().to_owned();
    let next = shell.json(&["session", "list", "--limit", "1", "--cursor", &cursor]).await;
    assert_eq!(next["items"][0]["session_id"], json!(session));

    system.settle().await;
    for (arguments, path) in [
        (vec!["session", "list"], "/api/v1/sessions".to_owned()),
        (vec!["session", "show", &session], format!("/api/v1/sessions/{session}")),
        (vec!["session", "inbox", &session], format!("/api/v1/sessions/{session}/inbox")),
    ] {
        assert_eq!(shell.json(&arguments).await, system.owner.get(&path).await.body, "{arguments:?}");
    }
    let unknown = [("show", None), ("inbox", None), ("kill", None), ("restore", None)];
    for (name, more) in unknown.into_iter().chain([("activity", Some("idle")), ("send", Some("hello"))]) {
        let arguments: Vec<_> = ["session", name, "default-99"].into_iter().chain(more).collect();
        let unknown = shell.run(&arguments).await;
        assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(1), ""), "{arguments:?}: {}", unknown.stderr);
        assert!(unknown.stderr.contains("code: not_found (HTTP 404)"), "{}", unknown.stderr);
    }
    system.stop().await;
}

// SESSION-2, CLI-4
#[tokio::test]
async fn a_session_that_its_launcher_knows_is_the_same_session() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    for same in [["--external-id", "x-1"], ["--idempotency-key", "once"]] {
        assert_eq!(started(&shell, &same).await, started(&shell, &same).await);
    }
    assert_eq!(system.number("SELECT count(*) FROM sessions").await, 2);
    system.stop().await;
}

// SESSION-24, SESSION-28
#[tokio::test]
async fn what_is_sent_to_an_agent_waits_until_it_is_read() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let session = started(&shell, &[]).await;
    let sent = shell.say(&["session", "send", &session, "go", "on"]).await;
    assert!(sent.starts_with("ctl_"), "its control thread: {sent}");
    let inbox = ["session", "inbox", &session];
    let unread = shell.json(&inbox).await;
    assert_eq!((&unread["items"][0]["body"], unread["items"].as_array().map(Vec::len)), (&json!("go on"), Some(1)));
    let pos = unread["next_ack"].as_i64().expect("where it ends").to_string();
    for _ in 0..2 {
        let shown = shell.run(&inbox).await;
        assert!(shown.stdout.contains("  message  ctl_") && shown.stdout.contains("\n    go on\n"), "{}", shown.stdout);
        assert!(shown.stderr.contains(&format!("agentforum session inbox {session} --ack {pos}")), "{}", shown.stderr);
    }
    let acknowledged = shell.say(&[&inbox[..], &["--ack", &pos]].concat()).await;
    assert_eq!(acknowledged, format!("{session}  read up to {pos}\n"));
    let empty = shell.run(&inbox).await;
    assert_eq!((empty.code, empty.stdout.as_str(), empty.stderr.as_str()), (Some(0), "", "nothing to read\n"));
    assert_eq!(shell.say(&["session", "activity", &session, "blocked"]).await, format!("{session}  stuck\n"));
    let refused = shell.run(&["session", "send", &session, "yes"]).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(3), ""));
    assert!(refused.stderr.contains("code: illegal_transition (HTTP 409)"), "{}", refused.stderr);
    system.stop().await;
}

// PR-3, SESSION-9, SESSION-23, CLI-2, CLI-3
#[tokio::test]
async fn a_pull_request_is_observed_listed_and_shown_and_moves_its_session() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let (_, session) = at_work(&shell).await;
    let path = system.state().join("pr.json");
    let file = path.to_str().expect("a path of UTF-8");
    let write = |seen: &Value| std::fs::write(&path, seen.to_string()).expect("the file");
    write(&json!({
        "url": PR, "session_id": session, "fetched": true, "title": "Ship it", "branch": "topic", "base_branch": "main",
        "head_sha": "c1", "state": "open", "ci": "failing",
        "checks": [{ "name": "build", "commit": "c1", "status": "failed", "log_tail": "it broke" }],
        "comments": [{ "id": "9", "author": "eve", "body": "why?", "path": "src/a.rs", "line": 3 }],
    }));
    assert_eq!(shell.say(&["pr", "observe", file]).await, format!("{PR}  open\n"));
    let mut piped = shell.command(&["pr", "observe", "-"]);
    piped.stdin(File::open(&path).expect("the file"));
    let piped = finished(piped).await;
    assert_eq!((piped.code, piped.stdout), (Some(0), format!("{PR}  open\n")), "{}", piped.stderr);
    system.settle().await;

    let listed = shell.say(&["pr", "list", "--session", &session, "--state", "open"]).await;
    assert_eq!(listed.lines().count(), 2, "a heading and a pull request: {listed}");
    let row: Vec<_> = listed.lines().nth(1).expect("one").split_whitespace().take(3).collect();
    assert_eq!(row, [PR, "open", "failing"]);
    let none = shell.run(&["pr", "list", "--state", "merged"]).await;
    assert_eq!((none.stdout.as_str(), none.stderr.as_str()), ("", "no pull requests match\n"));
    let shown = shell.say(&["pr", "show", PR]).await;
    assert!(
        shown.starts_with(&format!("Ship it\n{PR}\nsession {session}\nbranch topic  into main  head c1\n")),
        "{shown}"
    );
    for part in [
        "\nstate open since ",
        "\nchecks failing since ",
        "\nlog of build on c1\n    it broke\n",
        "\neve  src/a.rs:3  unresolved  9\n    why?\n",
    ] {
        assert!(shown.contains(part), "{part:?} is missing in\n{shown}");
    }
    let document = shell.json(&["pr", "list"]).await;
    assert_eq!(document, system.owner.get("/api/v1/pull-requests").await.body);
    assert_eq!(shell.json(&["pr", "show", PR]).await, document["items"][0]);
    let of_session = shell.say(&["session", "show", &session]).await;
    let because = format!("{session}\nci_failed  worker\nbecause pr_ci failing of {PR} since ");
    assert!(of_session.starts_with(&because) && of_session.contains(&format!("\n{PR}  open ")), "{of_session}");

    write(&json!({ "url": PR, "session_id": session, "fetched": false }));
    let unseen = shell.run(&["pr", "observe", file]).await;
    assert_eq!(unseen.code, Some(0), "{}", unseen.stderr);
    assert!(unseen.stderr.starts_with("note: nothing was changed"), "{}", unseen.stderr);
    let unknown = shell.run(&["pr", "show", "https://example.com/acme/shop/pull/8"]).await;
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(1), ""));
    assert!(unknown.stderr.contains("code: not_found (HTTP 404)"), "{}", unknown.stderr);
    write(&json!([]));
    for missing in [file, "/nowhere/pr.json"] {
        let failed = shell.run(&["pr", "observe", missing]).await;
        assert_eq!((failed.code, failed.stdout.as_str()), (Some(1), ""), "{}", failed.stderr);
        assert!(failed.stderr.contains(missing), "{}", failed.stderr);
    }
    system.stop().await;
}

// PR-12, CLI-2
#[tokio::test]
async fn the_secret_of_a_projects_webhooks_is_shown_once_and_alone() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let made = shell.run(&["project", "webhook-secret", "default"]).await;
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let secret = made.stdout.trim();
    assert!(!secret.is_empty() && made.stdout.lines().count() == 1, "{}", made.stdout);
    assert!(made.stderr.contains("/webhooks/github/default") && !made.stderr.contains(secret), "{}", made.stderr);
    system.stop().await;
}

// RUN-22
#[tokio::test]
async fn an_agent_that_goes_away_is_told_of_once_and_again_after_it_came_back() {
    let system = credulous().await;
    let shell = Shell::of(&system);
    let (run, session) = at_work(&shell).await;
    let mut watching = shell.follow(&["watch", "--json"]);
    assert!(watching.note().await.starts_with("watching http://127.0.0.1:"));
    for question in ["Which?", "And which?"] {
        assert_eq!(shell.say(&gone(&session)).await, format!("{session}  killed\n"));
        let alert = watching.json().await;
        assert_eq!((&alert["alert"], &alert["run_id"]), (&json!("agent_unhealthy"), &json!(run)), "{alert}");
        assert_eq!((&alert["agent_name"], &alert["title"]), (&json!("ada"), &json!("Ship it")), "{alert}");
        assert!(alert["hint"].as_str().is_some_and(|hint| hint.contains(&session)), "{alert}");
        shell.say(&["session", "restore", &session]).await;
        // Its alert shows that the run was looked at since.
        let ask = ["forum", "signal", "--run", &run, "--agent", "ada", "--type", "guidance_request"];
        shell.say(&[&ask[..], &["--question", question]].concat()).await;
        assert_eq!(watching.json().await["title"], json!(question));
    }
    watching.interrupt();
    let ended = watching.end().await;
    assert_eq!((ended.code, ended.stdout.as_str()), (Some(0), ""));
    system.stop().await;
}

// RUN-18, RUN-21, CLI-8
#[tokio::test]
async fn an_operator_starts_an_agent_again_by_a_command_and_a_failing_one_is_a_warning() {
    let system = credulous().await;
    let shell = Shell::of(&system);
    let (run, session) = at_work(&shell).await;
    shell.say(&gone(&session)).await;
    let file = system.state().join("restarts");
    let variables = "$AGENTFORUM_RUN_ID|$AGENTFORUM_AGENT|$AGENTFORUM_SESSION_ID";
    let command = format!("echo \"{variables}\" >> '{}'; exit 3", file.display());
    let operate = ["operator", "--run", &run, "--interval", "100ms", "--execute", "--restart-command", &command];
    let mut operating = shell.follow(&operate);
    let mut line = operating.line().await;
    while !line.starts_with(&format!("{run}  restart  ada  ")) {
        line = operating.line().await;
    }
    assert!(line.ends_with("  executed"), "{line}");
    assert_eq!(operating.note().await, "warning: --restart-command: it ended with exit status: 3");
    operating.interrupt();
    assert_eq!(operating.end().await.code, Some(0));
    let restarts = std::fs::read_to_string(&file).expect("what the command was told");
    assert_eq!(restarts, format!("{run}|ada|{session}\n"), "once, and then it cools down");
    system.stop().await;
}
