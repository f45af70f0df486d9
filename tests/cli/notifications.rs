//! Notifications at the command line, and where no server is.

use serde_json::{Value, json};
use tests::system::{Setup, System};
use tests::world::World;

use crate::command::Shell;

/// Starts a session whose agent waits for somebody's words; its id.
async fn waiting(shell: &Shell, agent: &str) -> String {
    let started = shell.json(&["session", "start", "--ticket", "T-1", "--agent", agent]).await;
    let session = started["session"]["session_id"].as_str().expect("a session").to_owned();
    shell.say(&["session", "activity", &session, "waiting_input"]).await;
    session
}

/// The sessions that a list of notifications is about, sorted.
fn about(list: &Value) -> Vec<String> {
    let items = list["items"].as_array().expect("a list").iter();
    let mut about: Vec<_> = items.map(|item| item["session_id"].as_str().expect("a session").to_owned()).collect();
    about.sort();
    about
}

// REACT-6, REACT-10, CLI-2
#[tokio::test]
async fn what_a_person_should_know_is_listed_until_it_is_read() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let (ada, bob) = (waiting(&shell, "ada").await, waiting(&shell, "bob").await);
    system.settle().await;
    let both = shell.say(&["notifications", "list"]).await;
    assert_eq!(both.lines().count(), 3, "a heading and two of them: {both}");
    for row in both.lines().skip(1) {
        assert!(row.starts_with("ntf_") && row.contains("  needs_input  unread, open  default-"), "{row}");
    }
    for (arguments, query) in [
        (vec!["notifications", "list"], "?read=false"),
        (vec!["notifications", "list", "--unread", "--open"], "?read=false&resolved=false"),
        (vec!["notifications", "list", "--all"], ""),
    ] {
        let path = format!("/api/v1/notifications{query}");
        assert_eq!(shell.json(&arguments).await, system.owner.get(&path).await.body, "{arguments:?}");
    }

    let of_ada = ["notifications", "list", "--session", &ada, "--kind", "Needs_Input"];
    let id = shell.json(&of_ada).await["items"][0]["notification_id"].as_str().expect("one").to_owned();
    assert_eq!(shell.say(&["notifications", "read", &id]).await, format!("{id}  read\n"));
    assert_eq!(about(&shell.json(&["notifications", "list"]).await), [bob.as_str()]);
    assert_eq!(about(&shell.json(&["notifications", "list", "--all"]).await), [ada.as_str(), bob.as_str()]);
    let read = shell.say(&[&of_ada[..], &["--all"]].concat()).await;
    assert!(read.contains("  read, open  "), "what was read may still hold: {read}");
    shell.say(&["session", "activity", &ada, "active"]).await;
    system.settle().await;
    assert_eq!(about(&shell.json(&["notifications", "list", "--all", "--open"]).await), [bob.as_str()]);

    let left = shell.json(&["notifications", "list"]).await;
    let left = left["items"][0]["notification_id"].as_str().expect("one");
    let unknown = "ntf_0199a0a0-0000-7000-8000-000000000000";
    let failed = shell.run(&["notifications", "read", left, unknown]).await;
    assert_eq!((failed.code, failed.stdout), (Some(1), format!("{left}  read\n")), "{}", failed.stderr);
    assert!(failed.stderr.starts_with(&format!("1 of 2 done before {unknown}\n")), "{}", failed.stderr);
    assert!(failed.stderr.contains("code: not_found (HTTP 404)"), "{}", failed.stderr);
    let none = shell.run(&["notifications", "list"]).await;
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.as_str()), (Some(0), "", "no notifications match\n"));
    system.stop().await;
}

// REACT-10, CLI-2
#[tokio::test]
async fn reading_several_prints_one_document() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    for agent in ["ada", "bob"] {
        waiting(&shell, agent).await;
    }
    system.settle().await;
    let listed = shell.json(&["notifications", "list"]).await;
    let ids: Vec<_> =
        (0..2).map(|index| listed["items"][index]["notification_id"].as_str().expect("a notification")).collect();
    let read = shell.json(&[&["notifications", "read"], &ids[..]].concat()).await;
    assert_eq!(read["items"].as_array().map(Vec::len), Some(2));
    assert_eq!(shell.json(&["notifications", "list"]).await["items"], json!([]));
    system.stop().await;
}

// CLI-1
#[tokio::test]
async fn commands_on_sessions_fail_where_no_server_is_and_say_how_to_start_one() {
    let setup = Setup::running();
    let (shell, address) = Shell::without_a_server(&setup).await;
    for arguments in [
        vec!["session", "list"],
        vec!["session", "start", "--agent", "ada"],
        vec!["session", "inbox", "default-1", "--ack", "7"],
        vec!["pr", "show", "https://example.com/a/b/pull/1"],
        vec!["notifications", "list"],
        vec!["notifications", "read", "ntf_x"],
        vec!["project", "webhook-secret", "default"],
    ] {
        let ended = shell.run(&arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(&address) && ended.stderr.contains("agentforum up"), "{}", ended.stderr);
    }
}
