//! Private text reaches no table, no index and no file.

use serde_json::json;
use shared::message::command::NewAgentEvent;
use tests::fixture::Fixture;

use crate::acts::{alone, batch, decision, event};

// MEMORY-21
#[tokio::test]
async fn private_text_is_in_no_file_of_the_database() {
    let fixture = Fixture::new().await;
    let secret = "hunter2-hunter2";
    let said = format!("We decided to use <private>{secret}</private> SQLite because it is simple. <PRIVATE>{secret}");
    let named = NewAgentEvent {
        source_event_id: Some(format!("<private>{secret}</private>e-1")),
        ..event(json!({ "text": said, format!("<Private>{secret}</Private>k"): [said] }))
    };
    fixture.accept(alone(named.clone())).await;
    fixture.accept(batch(vec![decision(&said), named])).await;
    fixture.settle().await;
    assert!(fixture.number("SELECT count(*) FROM observations").await > 0);
    let directory = fixture.closed().await;
    for entry in std::fs::read_dir(directory.path().join("state")).expect("a directory") {
        let path = entry.expect("an entry").path();
        let bytes = std::fs::read(&path).expect("a file");
        let found = bytes.windows(secret.len()).any(|window| window == secret.as_bytes());
        assert!(!found, "{}", path.display());
    }
}
