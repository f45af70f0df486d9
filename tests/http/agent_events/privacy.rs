//! Private text in agent events: nowhere.

use serde_json::json;
use tests::system::System;
use tests::world::World;

use super::{AT, BATCH, EVENTS, memories, sent};

// MEMORY-21
#[tokio::test]
async fn private_text_is_in_no_file_and_in_no_answer() {
    const SECRET: &str = "qzxprivate";
    let system = System::stepped().await;
    let client = system.client(memories()).await;
    let told = |n: u8| {
        json!({
            "event_type": format!("decision<private>{SECRET}</private>"),
            "occurred_at": AT,
            "payload": {
                "decision": format!("Retry <PRIVATE>{SECRET} <private>{SECRET}</private> {SECRET}</Private>{n} times"),
                "list": [format!("a<private>{SECRET}"), { "b": format!("< private >{SECRET}</ private >c") }],
                (format!("<private>{SECRET}</private>member")): true,
            },
            "source_adapter": format!("codex<private>{SECRET}</private>"),
            "source_event_id": format!("e-{n}<private>{SECRET}</private>"),
        })
    };
    let alone = sent(&system, &client, EVENTS, &told(1)).await;
    let batch = sent(&system, &client, BATCH, &json!({ "events": [told(2), told(3)] })).await;
    assert_eq!((alone.status.as_u16(), batch.status.as_u16()), (201, 201), "{} {}", alone.body, batch.body);
    assert_eq!(alone.text("/event/event_type"), "decision");
    assert_eq!(alone.text("/event/source_event_id"), "e-1");
    let kept = json!({ "decision": "Retry 1 times", "list": ["a", { "b": "c" }], "member": true });
    assert_eq!(alone.body["event"]["payload"], kept);
    let known = sent(&system, &client, EVENTS, &told(1)).await;
    assert_eq!(known.status, 200);
    for answer in [&alone, &batch, &known] {
        assert!(!answer.body.to_string().contains(SECRET), "{}", answer.body);
    }
    assert!(system.number("SELECT count(*) FROM jobs WHERE status = 'completed'").await > 0);
    let (mut files, mut stored) = (0, 0);
    for entry in std::fs::read_dir(system.state()).expect("a directory") {
        let path = entry.expect("an entry").path();
        if path.is_file() {
            let bytes = std::fs::read(&path).expect("a file");
            let holds = |text: &str| bytes.windows(text.len()).any(|window| window == text.as_bytes());
            assert!(!holds(SECRET), "{} holds private text", path.display());
            files += 1;
            stored += i32::from(holds("Retry 1 times"));
        }
    }
    assert!(files > 2 && stored > 0, "the rest is in one of {files} files");
}
