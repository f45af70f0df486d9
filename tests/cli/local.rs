//! Commands that need no server.

use harness::functions::TABLE;
use serde_json::{Value, json};
use tests::system::Setup;

use crate::command::Shell;

fn alone() -> (Setup, Shell) {
    let setup = Setup::running();
    let shell = Shell::at("http://127.0.0.1:1", &setup.database());
    (setup, shell)
}

// CLI-9
#[tokio::test]
async fn functions_are_shown_without_a_server() {
    let (_setup, shell) = alone();
    let table = shell.json(&["functions"]).await;
    let rows = table["items"].as_array().expect("a list");
    assert_eq!(rows.len(), TABLE.len());
    for (row, entry) in rows.iter().zip(TABLE) {
        assert_eq!(row["name"], entry.name);
        for member in ["trigger", "reads", "writes", "emits"] {
            assert!(row[member].as_str().is_some_and(|text| !text.is_empty()), "{} of {}", member, entry.name);
        }
    }
    let text = shell.say(&["functions"]).await;
    assert_eq!(text.lines().count(), TABLE.len() + 1);
}

// CONFIG-1, CONFIG-2
#[tokio::test]
async fn settings_are_shown_with_their_sources() {
    let (setup, shell) = alone();
    let state = setup.database().parent().expect("a directory").to_owned();
    std::fs::create_dir_all(&state).expect("the directory");
    std::fs::write(state.join("agentforum.toml"), "[outbox]\nlease = \"7s\"\nbackoff = \"2s\"\n").expect("the file");
    let shell = shell.with("AGENTFORUM_OUTBOX_BACKOFF", "3s").with("AGENTFORUM_OUTBOX_LEESE", "1s");
    let ended = shell.run(&["config", "--worker-interval", "9s", "--json"]).await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    let settings: Value = serde_json::from_str(&ended.stdout).expect("one document");
    let found = |key: &str| {
        let rows = settings["items"].as_array().expect("a list");
        let row = rows.iter().find(|row| row["key"] == key).expect("the setting");
        (row["value"].clone(), row["source"].as_str().expect("a source").split(' ').next().expect("a word").to_owned())
    };
    assert_eq!(found("worker.interval"), (json!("9s"), "flag".to_owned()));
    assert_eq!(found("outbox.backoff"), (json!("3s"), "environment".to_owned()));
    assert_eq!(found("outbox.lease"), (json!("7s"), "file".to_owned()));
    assert_eq!(found("live.heartbeat"), (json!("25s"), "default".to_owned()));
    assert!(ended.stderr.contains("AGENTFORUM_OUTBOX_LEESE") && ended.stderr.contains("AGENTFORUM_OUTBOX_LEASE"));
    std::fs::write(state.join("agentforum.toml"), "[outbox]\nleese = \"7s\"\n").expect("the file");
    let unknown = shell.run(&["config"]).await;
    assert_eq!((unknown.code, unknown.stdout.as_str()), (Some(2), ""));
    assert!(unknown.stderr.contains("outbox.leese"), "{}", unknown.stderr);
}

#[tokio::test]
async fn completions_are_printed_for_each_shell() {
    let (_setup, shell) = alone();
    for name in ["bash", "zsh", "fish", "powershell", "elvish"] {
        let script = shell.say(&["completions", name]).await;
        assert!(script.contains("agentforum") && script.contains("watch"), "{name}");
    }
    assert_eq!(shell.run(&["completions", "tcsh"]).await.code, Some(2));
}

// CLI-3
#[tokio::test]
async fn help_and_version_are_data() {
    let (_setup, shell) = alone();
    assert_eq!(shell.say(&["--version"]).await, format!("agentforum {}\n", env!("CARGO_PKG_VERSION")));
    let help = shell.say(&["--help"]).await;
    for word in ["up", "forum", "keys", "functions", "config", "completions", "Exit codes: 0 done, 1 failed"] {
        assert!(help.contains(word), "{word} is missing from the help");
    }
    insta::assert_snapshot!("help", help);
}
