//! Dead letters and replays at the command line.

use tests::system::System;
use tests::world::World;

use crate::command::Shell;

/// A thread with posts, and a dead letter of each post although it was applied.
async fn with_letters(shell: &Shell, system: &System, posts: usize) {
    let thread = shell.ask("Which way", &[]).await;
    for n in 0..posts {
        let body = format!("lost {n}");
        shell.say(&["forum", "post", &thread, &body]).await;
    }
    system
        .execute(
            "INSERT INTO dead_letters (id, team_id, project_id, source, function, topic, message_id, key, payload,
                 error_class, error, attempts, first_failed_at, died_at)
             SELECT 'dl_' || seq, team_id, project_id, 'command', 'cmd-add-post', 'forum.commands.add_post',
                 'msg_' || substr(command_id, 5), stream, payload, 'panic', 'it broke', 5, accepted_at, accepted_at
             FROM commands WHERE name = 'add_post'",
        )
        .await;
}

// DEAD-2, DEAD-3, DEAD-4, CLI-2, CLI-3
#[tokio::test]
async fn dead_letters_are_listed_shown_redriven_and_dropped() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let none = shell.run(&["dead", "list"]).await;
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.as_str()), (Some(0), "", "no dead letters match\n"));
    with_letters(&shell, &system, 3).await;
    let list = shell.say(&["dead", "list", "--status", "dead", "--function", "cmd-add-post"]).await;
    assert_eq!(list.lines().count(), 4, "a heading and three letters: {list}");
    let groups = shell.say(&["dead", "list", "--group"]).await;
    assert!(groups.lines().nth(1).expect("a group").starts_with("3      command  cmd-add-post  panic"), "{groups}");
    let shown = shell.say(&["dead", "show", "dl_2"]).await;
    assert!(shown.contains("panic: it broke") && shown.contains("\"body\":\"lost 0\""), "{shown}");

    let dry = shell.run(&["dead", "redrive", "--all", "--error-class", "panic", "--dry-run"]).await;
    assert_eq!(dry.stdout, "dl_4\ndl_3\ndl_2\n");
    assert_eq!(dry.stderr, "3 would be affected; nothing was changed\n");
    assert_eq!(system.number("SELECT count(*) FROM dead_letters WHERE status = 'dead'").await, 3);
    assert_eq!(shell.say(&["dead", "redrive", "dl_2", "--reason", "repaired"]).await, "dl_2  redriven\n");
    let again = shell.run(&["dead", "redrive", "dl_2"]).await;
    assert_eq!(again.code, Some(3));
    assert!(again.stderr.contains("code: already_redriven (HTTP 409)"), "{}", again.stderr);
    let dropped = shell.json(&["dead", "drop", "--all", "--reason", "a drill"]).await;
    assert_eq!(dropped, serde_json::json!({"action": "drop", "dry_run": false, "ids": ["dl_4", "dl_3"]}));
    assert_eq!(shell.run(&["dead", "drop", "--reason", "x"]).await.code, Some(2), "nothing is named");
    assert_eq!(shell.run(&["dead", "drop", "dl_3"]).await.code, Some(2), "a reason is asked for");
    assert_eq!(shell.run(&["dead", "show", "dl_9"]).await.code, Some(1));
    let audit = system.rows("SELECT subject, reason FROM audit ORDER BY id").await;
    let expected = serde_json::json!([["dl_2", "repaired"], ["dl_4", "a drill"], ["dl_3", "a drill"]]);
    assert_eq!(serde_json::json!(audit), expected);
    // They had been applied: nothing happens twice.
    system.assert_at_rest().await;
    assert_eq!(system.number("SELECT count(*) FROM posts").await, 4);
    system.stop().await;
}

// PROJ-5, PROJ-7, CLI-2
#[tokio::test]
async fn a_replay_is_watched_to_its_end_and_a_difference_is_a_failure() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    for n in 0..3 {
        shell.ask(&format!("Thread {n}"), &[]).await;
    }
    let ended = shell.run(&["replay", "thread-views", "--verify"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let last = ended.stdout.lines().last().expect("a last line");
    assert_eq!(last, "thread-views  generation 2 is live at 3 of 3");
    let json = shell.run(&["replay", "thread-views", "--json"]).await;
    let document: serde_json::Value =
        serde_json::from_str(json.stdout.lines().last().expect("a last line")).expect("a document per line");
    assert_eq!((&document["state"], &document["generation"]), (&"live".into(), &3.into()));

    system.execute("UPDATE view_thread_views SET posts_count = 7 WHERE title = 'Thread 1'").await;
    let differs = shell.run(&["replay", "thread-views", "--verify"]).await;
    assert_eq!(differs.code, Some(1));
    assert!(
        differs.stderr.contains("view_thread_views differs at pos 3 in the row team_id=local"),
        "{}",
        differs.stderr
    );
    assert_eq!(
        system
            .number(
                "SELECT generation FROM projection_checkpoints WHERE projection = 'thread-views' AND state = 'live'"
            )
            .await,
        3
    );
    let unknown = shell.run(&["replay", "dreams"]).await;
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("there is no projection dreams; there are: "), "{}", unknown.stderr);
    let stopped = shell.say(&["replay", "thread-views", "--stop"]).await;
    assert_eq!(stopped, "thread-views  no replay runs\n", "a failed one does not run");
    system.stop().await;
}
