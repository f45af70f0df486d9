//! Exit codes, and what goes where.

use shared::clock::Clock;
use std::time::Duration;
use tests::system::{Setup, System};

use crate::command::{Shell, filters};

// CLI-1, CLI-3
#[tokio::test]
async fn without_a_server_it_fails_within_a_second_and_says_how_to_start_one() {
    let setup = Setup::running();
    let (shell, address) = Shell::without_a_server(&setup).await;
    for arguments in [
        vec!["forum", "list"],
        vec!["forum", "ask", "--title", "T", "--ticket", "K", "B"],
        vec!["forum", "thread", "thr_x"],
        vec!["keys", "list"],
        vec!["forum", "watch"],
    ] {
        shell.run(&["completions", "bash"]).await;
        let stopwatch = Clock::stopwatch();
        let ended = shell.run(&arguments).await;
        assert!(stopwatch.elapsed() < Duration::from_secs(1), "{arguments:?} took {:?}", stopwatch.elapsed());
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{arguments:?}");
        assert!(ended.stderr.contains(&address) && ended.stderr.contains("agentforum up"), "{}", ended.stderr);
    }
    assert!(!setup.database().exists(), "it never touches the database");
}

// CLI-3
#[tokio::test]
async fn wrong_usage_is_2_and_says_nothing_on_standard_output() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    for arguments in [
        vec!["forum", "frobnicate"],
        vec!["forum", "list", "--state", "open"],
        vec!["forum", "list", "--limit", "0"],
        vec!["forum", "ask", "--ticket", "K", "no title"],
        vec!["forum", "ask", "--title", "T", "--ticket", "K", "B", "--deadline", "whenever"],
        vec!["forum", "answer", "thr_x"],
        vec!["keys", "create", "--name", "n"],
        vec!["keys", "create", "--name", "n", "--scope", "admin", "--actor", "nobody"],
        vec!["--server", "nonsense", "forum", "list"],
        vec!["--timeout", "0s", "forum", "list"],
        vec!["config", "--outbox-lease", "soon"],
    ] {
        let ended = shell.run(&arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(2), ""), "{arguments:?}: {}", ended.stderr);
        assert!(!ended.stderr.is_empty());
    }
    system.stop().await;
}

// CLI-3
#[tokio::test]
async fn what_a_rule_refuses_is_3_and_what_fails_is_1() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let thread = shell.ask("Rules", &["--option", "a"]).await;
    shell.say(&["forum", "answer", &thread, "first"]).await;
    let unknown = "thr_0199a0a0-0000-7000-8000-000000000000";
    for (arguments, code, words) in [
        (vec!["forum", "answer", &thread, "second"], 3, "code: already_answered (HTTP 409)"),
        (vec!["forum", "answer", &thread, "x", "--option", "z", "--amend"], 1, "code: unknown_option (HTTP 400)"),
        (vec!["forum", "post", unknown, "hello"], 1, "code: not_found (HTTP 404)"),
        (vec!["forum", "thread", unknown], 1, "code: not_found (HTTP 404)"),
        (vec!["forum", "post", &thread, " "], 1, "/body: is required"),
        (vec!["keys", "revoke", "key_x"], 1, "code: not_found (HTTP 404)"),
    ] {
        let ended = shell.run(&arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(code), ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(words), "{}", ended.stderr);
        assert!(ended.stderr.contains("\n  request_id: ") && ended.stderr.contains("\n  next: "), "{}", ended.stderr);
    }
    shell.say(&["forum", "close", &thread]).await;
    let closed = shell.run(&["forum", "post", &thread, "late"]).await;
    assert_eq!(closed.code, Some(3));
    let _filters = filters();
    insta::assert_snapshot!("refused", closed.stderr);
    system.stop().await;
}

// CLI-2
#[tokio::test]
async fn off_a_terminal_there_is_no_colour_and_quiet_leaves_no_remarks() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let thread = shell.ask("Plain", &[]).await;
    for arguments in [vec!["forum", "thread", &thread], vec!["forum", "list"], vec!["keys", "list"], vec!["functions"]]
    {
        let plain = shell.run(&arguments).await;
        assert!(!plain.stdout.contains('\u{1b}') && plain.stderr.is_empty(), "{arguments:?}: {plain:?}");
        let coloured = shell.say(&[&arguments[..], &["--color", "always"]].concat()).await;
        assert!(coloured.contains('\u{1b}'), "{arguments:?}");
        let asked = shell.clone().with("NO_COLOR", "1").say(&arguments).await;
        assert!(!asked.contains('\u{1b}'));
    }
    let quiet = shell.run(&["--quiet", "forum", "list", "--ticket", "none"]).await;
    assert_eq!((quiet.code, quiet.stdout.as_str(), quiet.stderr.as_str()), (Some(0), "", ""));
    system.stop().await;
}

// CLI-1, AUTH-7
#[tokio::test]
async fn without_a_key_it_says_how_to_give_one() {
    let system = System::running().await;
    let elsewhere = system.state().join("elsewhere.db");
    let stranger = Shell::at(&system.harness.url, &elsewhere.join("x.db"));
    let refused = stranger.run(&["forum", "list"]).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""));
    assert!(refused.stderr.contains("code: unauthenticated (HTTP 401)"), "{}", refused.stderr);
    assert!(refused.stderr.contains("AGENTFORUM_KEY"), "{}", refused.stderr);
    system.stop().await;
}
