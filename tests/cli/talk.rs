//! A conversation at the command line.

use tests::system::System;
use tests::world::World;

use crate::command::{Shell, filters};

// CLI-6, FORUM-7
#[tokio::test]
async fn ask_post_answer_and_close_leave_the_same_events_as_over_http() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let thread = shell.ask("Which colour", &["--option", "red", "--option", "blue", "--agent", "builder"]).await;
    assert_eq!(shell.say(&["forum", "post", &thread, "hurry"]).await, format!("{thread}  new\n"));
    assert_eq!(shell.say(&["forum", "answer", &thread, "--option", "blue"]).await, format!("{thread}  answered\n"));
    let amended = shell.json(&["forum", "answer", &thread, "red after all", "--amend"]).await;
    assert_eq!(
        (&amended["command"]["status"], &amended["thread"]["answer"]["answer"]),
        (&"applied".into(), &"red after all".into())
    );
    assert_eq!(shell.say(&["forum", "close", &thread, "--reason", "done"]).await, format!("{thread}  closed\n"));
    let types = system.rows("SELECT type FROM events WHERE stream GLOB 'thread/*' ORDER BY pos").await;
    let types: Vec<_> = types.iter().map(|row| row[0].as_str().expect("a type")).collect();
    assert_eq!(
        types,
        [
            "forum.thread.opened",
            "forum.post.added",
            "forum.post.added",
            "forum.state.changed",
            "forum.post.added",
            "forum.thread.closed",
        ]
    );
    let chosen = system.rows("SELECT body, option FROM posts WHERE kind = 'guidance_answer' ORDER BY id").await;
    assert_eq!(chosen[0], ["blue", "blue"]);
    let causes = system.rows("SELECT correlation_id, event_id, causation_id FROM events WHERE pos IN (3, 4)").await;
    assert_eq!((&causes[1][0], &causes[1][2]), (&causes[0][0], &causes[0][1]));
    system.stop().await;
}

#[tokio::test]
async fn a_thread_and_a_list_as_people_read_them() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let more = ["--option", "red", "--option", "blue", "--agent", "builder", "--run", "r-1", "--priority", "high"];
    let thread = shell.ask("Which colour", &more).await;
    shell.say(&["forum", "post", &thread, "one line\nand another"]).await;
    shell.say(&["forum", "answer", &thread, "blue it is", "--option", "blue"]).await;
    let other = shell.ask("Something else", &[]).await;
    shell.say(&["forum", "close", &other]).await;
    let _filters = filters();
    insta::assert_snapshot!("thread", shell.say(&["forum", "thread", &thread]).await);
    insta::assert_snapshot!("list", shell.say(&["forum", "list"]).await);
    insta::assert_snapshot!("watch", {
        let mut watching = shell.follow(&["forum", "watch", "--cursor", "0"]);
        let mut lines = String::new();
        for _ in 0..6 {
            lines += &(watching.line().await + "\n");
        }
        lines
    });
    system.stop().await;
}

// CLI-2
#[tokio::test]
async fn json_is_what_the_server_sends() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let thread = shell.ask("Same", &[]).await;
    for (arguments, path) in [
        (vec!["forum", "list"], "/api/v1/forum/threads".to_owned()),
        (vec!["forum", "thread", &thread], format!("/api/v1/forum/threads/{thread}")),
        (vec!["keys", "list"], "/api/v1/keys".to_owned()),
    ] {
        assert_eq!(shell.json(&arguments).await, system.owner.get(&path).await.body, "{arguments:?}");
    }
    system.stop().await;
}

// FORUM-12, HTTP-5
#[tokio::test]
async fn a_list_goes_on_page_by_page_or_shows_everything() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    for n in 0..5 {
        shell.ask(&format!("Thread {n}"), &[]).await;
    }
    let page = shell.run(&["forum", "list", "--limit", "2"]).await;
    assert_eq!(page.stdout.lines().count(), 3, "a heading and two threads");
    let cursor = page.stderr.split("--cursor ").nth(1).expect("the way on").trim().to_owned();
    let next = shell.json(&["forum", "list", "--limit", "2", "--cursor", &cursor]).await;
    assert_eq!((&next["items"][0]["title"], &next["items"][1]["title"]), (&"Thread 2".into(), &"Thread 1".into()));
    let all = shell.json(&["forum", "list", "--limit", "2", "--all"]).await;
    assert_eq!(all["items"].as_array().map(Vec::len), Some(5));
    let none = shell.run(&["forum", "list", "--ticket", "T-none"]).await;
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.as_str()), (Some(0), "", "no threads match\n"));
    system.stop().await;
}

// AUTH-1, CLI-2
#[tokio::test]
async fn a_key_is_made_used_listed_and_revoked() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let create = ["keys", "create", "--name", "ci", "--scope", "forum:read", "--scope", "forum:write"];
    let made = shell.run(&[&create[..], &["--actor", "agent:ci", "--project", "default"]].concat()).await;
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let secret = made.stdout.trim();
    assert!(secret.starts_with("afk_") && secret.len() == 47 && made.stdout.lines().count() == 1);
    assert!(!made.stderr.contains(secret));
    let id = made.stderr.split_whitespace().nth(1).expect("its id").trim_end_matches(';').to_owned();
    let ci = Shell::of(&system).with("AGENTFORUM_KEY", secret);
    ci.ask("By key", &[]).await;
    assert_eq!(system.rows("SELECT actor FROM commands").await, [["agent:ci"]]);
    let listed = shell.say(&["keys", "list"]).await;
    assert!(listed.contains("agent:ci") && !listed.contains(secret), "{listed}");
    let _filters = filters();
    insta::assert_snapshot!("keys", listed);
    assert_eq!(shell.say(&["keys", "revoke", &id]).await, format!("{id}  revoked\n"));
    let refused = ci.run(&["forum", "list"]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("code: key_revoked (HTTP 403)"), "{}", refused.stderr);
    system.stop().await;
}

// CLI-4
#[tokio::test]
async fn the_same_idempotency_key_has_one_effect() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let key = ["--idempotency-key", "once"];
    assert_eq!(shell.ask("Once", &key).await, shell.ask("Once", &key).await);
    assert_eq!(system.number("SELECT count(*) FROM threads").await, 1);
    let ask = ["forum", "ask", "--title", "Other", "--ticket", "T-1", "What?", "--idempotency-key", "once"];
    let reused = shell.run(&ask).await;
    assert_eq!((reused.code, reused.stdout.as_str()), (Some(3), ""));
    assert!(reused.stderr.contains("code: idempotency_key_reused (HTTP 422)"), "{}", reused.stderr);
    system.stop().await;
}
