//! Which settings a provider needs, and what is shown of them.

use shared::config::Config;
use shared::generation::Remote;

use super::{KEY, REMOTE};

/// What is said of settings that are refused.
fn refusal(settings: &[(&str, &str)]) -> String {
    Config::with(settings).err().map(|error| error.to_string()).expect("a refusal")
}

fn settings<'a>(name: &'a str, url: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("generation.provider", name),
        ("generation.url", url),
        ("generation.model", "scripted"),
        ("generation.key", KEY),
    ]
}

// MEMORY-20
#[test]
fn a_provider_that_lacks_a_setting_refuses_to_start_and_names_it() {
    let table: [(&str, &[&str]); 2] = [
        ("anthropic", &["generation.model", "generation.key"]),
        ("openai-compatible", &["generation.url", "generation.model", "generation.key"]),
    ];
    for (name, needed) in table {
        for missing in needed.iter().copied() {
            let mut settings = settings(name, "http://127.0.0.1:9/v1");
            settings.retain(|(key, _)| *key != missing);
            let said = refusal(&settings);
            assert!(said.contains(missing) && said.contains(name), "{said}");
            assert!(!said.contains(KEY), "{said}");
        }
    }
    let mut settings = settings("anthropic", "");
    settings.retain(|(key, _)| *key != "generation.url");
    assert!(Config::with(&settings).is_ok_and(|config| Remote::new(&config.generation).is_ok()));
}

// MEMORY-20
#[test]
fn a_bad_url_refuses_to_start_and_is_named() {
    for name in REMOTE {
        for url in ["", "nowhere", "ftp://127.0.0.1/v1", "http://", "127.0.0.1:9/v1"] {
            let said = refusal(&settings(name, url));
            assert!(said.contains("generation.url"), "{said}");
        }
    }
}

// MEMORY-20, SEC-2
#[test]
fn a_server_that_cannot_be_asked_is_told_by_its_setting_alone() {
    let config = Config::with(&settings("anthropic", "http://127.0.0.1:9")).expect("settings").generation;
    for url in ["http://user:word@127.0.0.1:9", "http://127.0.0.1:9?word", "http://127.0.0.1:9#word", "word"] {
        let mut config = config.clone();
        config.url = Some(url.to_owned());
        let said = Remote::new(&config).expect_err("a refusal").to_string();
        assert!(said.contains("generation.url") && !said.contains("word@") && !said.contains("9?"), "{said}");
    }
    let mut odd = config.clone();
    odd.key.text = Some("word\nword".to_owned());
    let said = Remote::new(&odd).expect_err("a refusal").to_string();
    assert!(said.contains("generation.key") && !said.contains("word"), "{said}");
    let mut none = config;
    none.key.text = None;
    let said = Remote::new(&none).expect_err("a refusal").to_string();
    assert!(said.contains("generation.key must be set"), "{said}");
}

// SEC-2
#[test]
fn the_key_is_in_no_debug_output() {
    let config = Config::with(&settings("anthropic", "http://127.0.0.1:9")).expect("settings");
    let remote = Remote::new(&config.generation).expect("a server's address");
    let shown = format!("{remote:?} {:?} {:?}", config.generation, config.settings());
    assert!(shown.contains("127.0.0.1") && !shown.contains(KEY), "{shown}");
}
