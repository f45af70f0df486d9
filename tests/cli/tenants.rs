//! Projects, keys and the audit trail at the command line.

use serde_json::{Value, json};
use tests::system::{Setup, System};
use tests::world::World;

use crate::command::Shell;

/// The members of a list's items under this name.
fn each<'a>(list: &'a Value, member: &str) -> Vec<&'a str> {
    let items = list["items"].as_array().expect("a list").iter();
    items.map(|item| item[member].as_str().expect("a text")).collect()
}

// STORE-8, CLI-2, CLI-3
#[tokio::test]
async fn projects_are_created_listed_and_archived() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let made = shell.run(&["project", "create", "Web shop"]).await;
    assert_eq!((made.code, made.stdout.as_str()), (Some(0), "web-shop\n"), "{}", made.stderr);
    assert!(made.stderr.contains("--project"), "{}", made.stderr);
    assert_eq!(shell.say(&["project", "create", "Web shop"]).await, "web-shop-2\n");
    let named = shell.json(&["project", "create", "Other", "--id", "other"]).await;
    assert_eq!((&named["project_id"], &named["name"]), (&json!("other"), &json!("Other")));
    let taken = shell.run(&["project", "create", "Other", "--id", "other"]).await;
    assert_eq!((taken.code, taken.stdout.as_str()), (Some(3), ""));
    assert!(taken.stderr.contains("code: already_exists (HTTP 409)"), "{}", taken.stderr);
    assert!(taken.stderr.contains("\n  next: ") && !taken.stderr.contains("explains the code"), "{}", taken.stderr);

    assert_eq!(shell.say(&["project", "archive", "web-shop-2"]).await, "web-shop-2  archived\n");
    assert_eq!(each(&shell.json(&["project", "list"]).await, "project_id"), ["default", "other", "web-shop"]);
    let all = shell.say(&["project", "list", "--archived"]).await;
    assert_eq!(all.lines().count(), 5, "a heading and four: {all}");
    assert!(all.lines().last().expect("a row").starts_with("web-shop-2  archived 20"), "{all}");
    let page = shell.run(&["project", "list", "--limit", "2"]).await;
    assert_eq!(page.stdout.lines().count(), 3, "{}", page.stdout);
    assert!(page.stderr.contains("--cursor "), "{}", page.stderr);

    shell.ask("Welcome", &["--project", "web-shop"]).await;
    let ask = ["forum", "ask", "--title", "Late", "--ticket", "T-1", "--project", "web-shop-2", "What?"];
    let late = shell.run(&ask).await;
    assert_eq!((late.code, late.stdout.as_str()), (Some(3), ""), "{}", late.stderr);
    assert!(late.stderr.contains("code: project_archived (HTTP 409)"), "{}", late.stderr);
    let unknown = shell.run(&["project", "archive", "nowhere"]).await;
    assert_eq!(unknown.code, Some(1));
    assert!(unknown.stderr.contains("code: not_found (HTTP 404)"), "{}", unknown.stderr);
    system.stop().await;
}

// AUTH-1, AUTH-3, CLI-2
#[tokio::test]
async fn a_key_is_rotated_and_only_the_new_one_works() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let create = ["keys", "create", "--name", "ci", "--scope", "forum:read", "--rate-limit", "500"];
    let made = shell.json(&create).await;
    assert_eq!(made["key"]["rate_limit"], 500);
    let (id, old) = (made["key"]["key_id"].as_str().expect("an id"), made["secret"].as_str().expect("a secret"));
    let rotated = shell.run(&["keys", "rotate", id]).await;
    assert_eq!(rotated.code, Some(0), "{}", rotated.stderr);
    let new = rotated.stdout.trim();
    assert!(new.starts_with("afk_") && new.len() == 47 && new != old && rotated.stdout.lines().count() == 1);
    assert!(rotated.stderr.contains(&format!("in place of {id}")) && !rotated.stderr.contains(new));
    shell.clone().with("AGENTFORUM_KEY", new).say(&["forum", "list"]).await;
    let refused = shell.clone().with("AGENTFORUM_KEY", old).run(&["forum", "list"]).await;
    assert_eq!(refused.code, Some(1));
    assert!(refused.stderr.contains("code: key_revoked (HTTP 403)"), "{}", refused.stderr);
    let listed = shell.say(&["keys", "list"]).await;
    assert!(listed.contains("  works, 500 per second\n") && listed.contains(", 500 per second\n"), "{listed}");
    let again = shell.run(&["keys", "rotate", id]).await;
    assert_eq!((again.code, again.stdout.as_str()), (Some(1), ""));
    assert!(again.stderr.contains("code: not_found (HTTP 404)"), "{}", again.stderr);
    let none = shell.run(&["keys", "create", "--name", "n", "--scope", "admin", "--rate-limit", "0"]).await;
    assert_eq!(none.code, Some(2), "{}", none.stderr);
    system.stop().await;
}

// HTTP-8, CLI-3
#[tokio::test]
async fn a_key_that_asks_too_often_is_told_what_to_do() {
    // Its clock stands still: nothing refills.
    let system = System::stepped().await;
    let shell = Shell::of(&system);
    let create = ["keys", "create", "--name", "ci", "--scope", "forum:read", "--rate-limit", "1"];
    let secret = shell.say(&create).await;
    let eager = shell.with("AGENTFORUM_KEY", secret.trim());
    assert_eq!(eager.run(&["forum", "list"]).await.code, Some(0));
    let refused = eager.run(&["forum", "list"]).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("code: rate_limited (HTTP 429)"), "{}", refused.stderr);
    assert!(!refused.stderr.contains("explains the code"), "{}", refused.stderr);
    system.stop().await;
}

// AUTH-11, AUTH-12, CLI-2
#[tokio::test]
async fn the_trail_is_read_as_a_table_and_as_the_server_sends_it() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let create = ["keys", "create", "--name", "ann", "--scope", "forum:write", "--actor", "agent:ann"];
    let secret = shell.say(&create).await;
    let ann = shell.clone().with("AGENTFORUM_KEY", secret.trim()).with("AGENTFORUM_PROJECT", "default");
    let thread = ann.ask("Who was it", &[]).await;
    shell.say(&["project", "create", "Web"]).await;
    system.settle().await;
    assert_eq!(shell.json(&["audit"]).await, system.owner.get("/api/v1/audit").await.body);
    let all = shell.say(&["audit"]).await;
    let rows: Vec<_> = all.lines().skip(1).collect();
    assert_eq!(rows.len(), 3, "{all}");
    assert!(rows[0].contains("  human:owner  projects.create  ok       web"), "{all}");
    assert!(rows[1].contains(&format!("  agent:ann    open_thread      applied  thread/{thread}")), "{all}");
    assert!(rows[2].contains("  human:owner  keys.create      ok       key_"), "{all}");
    for (arguments, action) in [
        (["audit", "--actor", "agent:ann", "--since", "1h"], "open_thread"),
        (["audit", "--action", "projects.create", "--limit", "1"], "projects.create"),
    ] {
        assert_eq!(each(&shell.json(&arguments).await, "action"), [action], "{arguments:?}");
    }
    let none = shell.run(&["audit", "--actor", "nobody"]).await;
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.as_str()), (Some(0), "", "no entries match\n"));
    assert_eq!(shell.run(&["audit", "--since", "yesterday"]).await.code, Some(2));
    system.stop().await;
}

// CLI-1
#[tokio::test]
async fn administration_fails_where_no_server_is_and_says_how_to_start_one() {
    let setup = Setup::running();
    let (shell, address) = Shell::without_a_server(&setup).await;
    for arguments in [
        vec!["project", "create", "Web"],
        vec!["project", "list"],
        vec!["project", "archive", "web"],
        vec!["keys", "rotate", "key_x"],
        vec!["audit"],
    ] {
        let ended = shell.run(&arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(&address) && ended.stderr.contains("agentforum up"), "{}", ended.stderr);
    }
}
