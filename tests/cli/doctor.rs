//! `agentforum doctor` over good and bad days.

use serde_json::Value;
use shared::transport::Transport;
use tests::providers::ScriptedProvider;
use tests::services::free_port;
use tests::system::{Ended, Setup, System, execute_on, question};
use tests::world::World;

use crate::command::Shell;

fn verdict<'a>(document: &'a Value, check: &str) -> &'a str {
    let items = document["items"].as_array().expect("a list");
    let item = items.iter().find(|item| item["check"] == check);
    item.unwrap_or_else(|| panic!("{check} is missing in {document}"))["verdict"].as_str().expect("a word")
}

async fn examined(shell: &Shell, more: &[&str]) -> (Ended, Value) {
    let ended = shell.run(&[&["doctor", "--json"], more].concat()).await;
    let document = serde_json::from_str(&ended.stdout).unwrap_or_else(|_| panic!("{ended:?}"));
    (ended, document)
}

// CLI-10
#[tokio::test]
async fn a_healthy_system_passes_every_check_while_it_runs_and_when_it_is_stopped() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    system.opened(&question("Healthy")).await;
    system.settle().await;
    let (ended, document) = examined(&shell, &[]).await;
    assert_eq!(ended.code, Some(0), "{document}");
    for check in [
        "configuration",
        "port",
        "runtime files",
        "server",
        "key",
        "transport",
        "full-text search",
        "database",
        "file modes",
        "write-ahead log",
        "schema",
        "clock",
        "projections",
        "outbox",
        "dead letters",
        "provider",
    ] {
        assert_eq!(verdict(&document, check), "ok", "{check}: {document}");
    }
    assert_eq!(document["failed"], 0);
    let text = shell.say(&["doctor"]).await;
    assert!(text.lines().any(|line| line == "ok       key: works"), "{text}");

    let setup = system.stop().await;
    let (ended, document) = examined(&shell, &["--addr", "127.0.0.1:0"]).await;
    assert_eq!(ended.code, Some(0), "{document}");
    drop(setup);
}

// CLI-10
#[tokio::test]
async fn before_the_first_start_it_finds_nothing_wrong_and_makes_nothing() {
    let setup = Setup::running();
    let shell = Shell::at("http://127.0.0.1:1", &setup.database());
    let (ended, document) = examined(&shell, &["--addr", "127.0.0.1:0"]).await;
    assert_eq!((ended.code, verdict(&document, "database")), (Some(0), "ok"), "{document}");
    assert!(!setup.database().parent().expect("a directory").exists());
}

// CLI-10
#[tokio::test]
async fn each_thing_that_is_wrong_has_a_line_and_a_way_out() {
    use std::os::unix::fs::PermissionsExt;
    let system = System::running().await;
    let shell = Shell::of(&system);
    system.opened(&question("Sick")).await;
    system.settle().await;
    execute_on(&system.database(), "UPDATE projection_checkpoints SET error = 'cannot apply'").await;
    execute_on(
        &system.database(),
        "INSERT INTO dead_letters (id, team_id, project_id, source, function, topic, message_id, key, payload, error_class,
            error, attempts, first_failed_at, died_at) VALUES ('dl_x', 'local', 'default', 'delivery', 'f', 't', 'm', 'k',
            '{}', 'c', 'e', 1, 0, 0)",
    )
    .await;
    let key = system.state().join("local.key");
    std::fs::write(&key, "afk_0000000000000000000000000000000000000000000").expect("another key");
    std::fs::set_permissions(&key, std::fs::Permissions::from_mode(0o644)).expect("a mode");
    system.harness.ctx.transport.close().await;
    let (ended, document) = examined(&shell, &[]).await;
    assert_eq!(ended.code, Some(1));
    for (check, expected) in [
        ("projections", "failed"),
        ("dead letters", "warning"),
        ("key", "failed"),
        ("file modes", "failed"),
        ("transport", "failed"),
        ("server", "failed"),
        ("database", "ok"),
    ] {
        assert_eq!(verdict(&document, check), expected, "{check}: {document}");
    }
    let text = shell.run(&["doctor"]).await.stdout;
    let lines: Vec<&str> = text.lines().collect();
    for (index, line) in lines.iter().enumerate().filter(|(_, line)| !line.starts_with("ok ")) {
        let fix = lines.get(index + 1).is_some_and(|next| next.starts_with("         fix: "));
        assert!(fix || line.starts_with("         fix: "), "{line} has no fix in\n{text}");
    }
    assert!(!text.contains("afk_"), "no key is shown");
    system.stop().await;
}

// CLI-10, CONFIG-2
#[tokio::test]
async fn a_foreign_program_on_the_port_a_damaged_file_and_wrong_settings_fail() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let setup = system.stop().await;
    let busy = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let address = busy.local_addr().expect("its address").to_string();
    std::fs::write(setup.database(), "no database at all, only text that is long enough to be looked at")
        .expect("a text");
    let (ended, document) = examined(&shell, &["--addr", &address]).await;
    assert_eq!(ended.code, Some(1));
    assert_eq!((verdict(&document, "port"), verdict(&document, "database")), ("failed", "failed"), "{document}");
    let (ended, document) = examined(&shell, &["--outbox-lease", "0s"]).await;
    assert_eq!((ended.code, verdict(&document, "configuration")), (Some(1), "failed"), "{document}");
}

// CLI-10, MEMORY-19, SEC-2
#[tokio::test]
async fn a_provider_is_looked_for_and_is_neither_shown_the_key_nor_asked_for_anything() {
    const KEY: &str = "sk-0123456789abcdef";
    let setup = Setup::running();
    let shell = Shell::at("http://127.0.0.1:1", &setup.database()).with("AGENTFORUM_GENERATION_KEY", KEY);
    let with = async |name: &str, url: &str| {
        let flags = ["--generation-provider", name, "--generation-url", url, "--generation-model", "m"];
        let (ended, document) = examined(&shell, &[&["--addr", "127.0.0.1:0"], &flags[..]].concat()).await;
        assert!(!document.to_string().contains(KEY), "{document}");
        (ended.code, verdict(&document, "provider").to_owned())
    };
    let server = ScriptedProvider::start().await;
    let nowhere = format!("http://127.0.0.1:{}", free_port());
    assert_eq!(with("none", &nowhere).await, (Some(0), "warning".to_owned()));
    assert_eq!(with("extractive", &nowhere).await, (Some(0), "ok".to_owned()));
    for name in ["anthropic", "openai-compatible"] {
        assert_eq!(with(name, &server.url(name)).await, (Some(0), "ok".to_owned()), "{name}");
        assert_eq!(with(name, &nowhere).await, (Some(1), "failed".to_owned()), "{name}");
    }
    let asked = server.asked();
    assert_eq!(asked.len(), 2, "{asked:?}");
    for asked in asked {
        assert!(asked.body.is_null(), "{asked:?}");
        assert_eq!((asked.header("x-api-key"), asked.header("authorization")), ("", ""));
    }
}

// CLI-10
#[tokio::test]
async fn a_running_server_that_uses_another_provider_than_the_settings_name_is_told() {
    let system = Setup::running().set("generation.provider", "none").start().await;
    let shell = Shell::of(&system);
    let (ended, document) = examined(&shell, &[]).await;
    assert_eq!((ended.code, verdict(&document, "provider")), (Some(0), "warning"), "{document}");
    let (_, document) = examined(&shell, &["--generation-provider", "none"]).await;
    let text = document.to_string();
    assert!(verdict(&document, "provider") == "warning" && text.contains("generation is off"), "{document}");
    system.stop().await;
}
