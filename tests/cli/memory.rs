//! Memory at the command line: what agents did is told, and found again.

use std::fs::File;

use serde_json::json;
use tests::system::{Ended, Setup, System};
use tests::world::World;

use crate::command::{Shell, finished};

/// An event of a file.
fn line(source: &str) -> String {
    let event = json!({
        "event_type": "note", "occurred_at": "2026-01-31T12:00:00Z", "payload": { "text": source },
        "source_event_id": source,
    });
    event.to_string() + "\n"
}

/// Writes a file beside the database; its path.
fn written(system: &System, name: &str, text: &str) -> String {
    let path = system.state().join(name);
    std::fs::write(&path, text).expect("the file");
    path.to_str().expect("a path of UTF-8").to_owned()
}

/// Runs a command with a file as its standard input.
async fn piped(shell: &Shell, arguments: &[&str], file: &str) -> Ended {
    let mut command = shell.command(arguments);
    command.stdin(File::open(file).expect("the file"));
    finished(command).await
}

/// A provider that is not there.
async fn without_provider() -> System {
    let free = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", free.local_addr().expect("its address"));
    drop(free);
    let settings = [
        ("generation.provider", "openai-compatible"),
        ("generation.url", url.as_str()),
        ("generation.model", "m"),
        ("generation.key", "a-key"),
        ("jobs.max_attempts", "1"),
    ];
    settings.into_iter().fold(Setup::running(), |setup, (key, value)| setup.set(key, value)).start().await
}

// MEMORY-1, MEMORY-2, MEMORY-6, CLI-2, CLI-4
#[tokio::test]
async fn an_event_is_told_once_and_its_job_is_waited_for() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let add = ["memory", "add", "--type", "decision", "--text", "One file is enough", "--source-id", "e-1"];
    let told = shell.say(&[&add[..], &["--wait"]].concat()).await;
    let parts: Vec<_> = told.split_whitespace().collect();
    assert!(parts[0].starts_with("aev_") && parts[1].starts_with("evt_"), "{told}");
    assert_eq!(parts[2..], ["completed", "enqueued"]);

    let known = shell.run(&[&add[..], &["--wait"]].concat()).await;
    assert_eq!(known.code, Some(0), "{}", known.stderr);
    assert!(known.stdout.starts_with(parts[0]) && known.stdout.contains("skipped"), "{}", known.stdout);
    assert!(known.stderr.starts_with("note: the event was known before"), "{}", known.stderr);

    let skipped = shell.say(&["memory", "add", "--type", "note", "--text", "only kept", "--no-generate"]).await;
    assert!(skipped.starts_with("aev_") && skipped.ends_with("  skipped\n"), "{skipped}");
    assert_eq!(system.number("SELECT count(*) FROM agent_events").await, 2);
    assert_eq!(system.number("SELECT count(*) FROM jobs").await, 1);

    let once = ["--at", "2026-01-31T13:00:00+01:00", "--idempotency-key", "once"];
    let again = ["memory", "add", "--type", "note", "--text", "again", "--no-generate"];
    let first = shell.say(&[&again[..], &once].concat()).await;
    assert_eq!(shell.say(&[&again[..], &once].concat()).await, first);
    let at = "SELECT occurred_at FROM agent_events ORDER BY id DESC LIMIT 1";
    assert_eq!(system.number(at).await, tests::system::NOON);
    system.stop().await;
}

// MEMORY-1, CLI-3
#[tokio::test]
async fn what_there_is_to_say_is_json_or_text_from_an_argument_or_from_stdin() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let add = ["memory", "add", "--type", "note", "--adapter", "claude-code", "--no-generate"];
    shell.say(&[&add[..], &["--payload", r#"{"b": [1], "a": null}"#]].concat()).await;
    shell.say(&[&add[..], &["--text", "{no json}"]].concat()).await;
    for text in ["{\"from\": \"stdin\"}\n", "only words\n"] {
        let file = written(&system, "said", text);
        let told = piped(&shell, &[&add[..], &["-"]].concat(), &file).await;
        assert_eq!(told.code, Some(0), "{}", told.stderr);
    }
    let stored = system.rows("SELECT payload, source_adapter FROM agent_events ORDER BY id").await;
    let stored: Vec<_> = stored
        .iter()
        .map(|row| serde_json::from_str::<serde_json::Value>(row[0].as_str().expect("a text")).expect("JSON"))
        .collect();
    let expected = [
        json!({ "a": null, "b": [1] }),
        json!({ "text": "{no json}" }),
        json!({ "from": "stdin" }),
        json!({ "text": "only words" }),
    ];
    assert_eq!(stored, expected);
    let adapters = "SELECT count(*) FROM agent_events WHERE source_adapter = 'claude-code'";
    assert_eq!(system.number(adapters).await, 4);
    for wrong in [&["--payload", "{no json}"][..], &["--text", "a", "-"], &[], &["--text", "a", "--at", "yesterday"]] {
        let refused = shell.run(&[&add[..], wrong].concat()).await;
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(2), ""), "{wrong:?}: {}", refused.stderr);
    }
    assert_eq!(system.number("SELECT count(*) FROM agent_events").await, 4);
    system.stop().await;
}

// MEMORY-3, MEMORY-5, CLI-4
#[tokio::test]
async fn a_file_goes_in_as_many_batches_as_it_takes_and_only_once() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let lines: String = (0..501).map(|n| line(&format!("e-{n}"))).collect();
    let file = written(&system, "events.jsonl", &lines);
    let batch = ["memory", "batch", &file, "--no-generate", "--idempotency-key", "once"];
    let told = shell.say(&batch).await;
    let expected = "\
batch 1 of 2  events 500  new 500  known 0  skipped
batch 2 of 2  events 1  new 1  known 0  skipped
total  events 501  new 501  known 0
";
    assert_eq!(told, expected);
    assert_eq!(shell.say(&batch).await, expected, "the same answer to the same requests");
    let keys = system.rows("SELECT idempotency_key FROM commands ORDER BY seq").await;
    assert_eq!(json!(keys), json!([["once-1"], ["once-2"]]));

    let documents = shell.json(&["memory", "batch", &file, "--no-generate"]).await;
    let sizes: Vec<_> = (0..2).map(|index| documents["items"][index]["items"].as_array().map(Vec::len)).collect();
    assert_eq!(sizes, [Some(500), Some(1)]);
    let array = format!("[{}, {}]", line("e-0").trim(), line("more").trim());
    let piped = piped(&shell, &["memory", "batch", "-", "--wait"], &written(&system, "events.json", &array)).await;
    assert_eq!(piped.code, Some(0), "{}", piped.stderr);
    let first = piped.stdout.lines().next().expect("a batch");
    assert!(first.starts_with("batch 1 of 1  events 2  new 1  known 1  evtb_"), "{first}");
    assert!(first.ends_with("  completed  enqueued"), "{first}");
    assert_eq!(piped.stdout.lines().last(), Some("total  events 2  new 1  known 1"));
    assert_eq!(system.number("SELECT count(*) FROM agent_events").await, 502);
    assert_eq!(system.number("SELECT count(*) FROM jobs").await, 1);
    system.stop().await;
}

// CLI-3, MEMORY-3
#[tokio::test]
async fn a_broken_line_is_named_before_anything_is_sent() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let many: String = (0..600).map(|n| line(&format!("e-{n}"))).collect();
    for (text, complaint) in [
        (format!("{many}\n{{\"event_type\":\n"), "line 602: no JSON"),
        (format!("{}7\n", line("e-1")), "line 2: no JSON object"),
        ("[{\"event_type\": \"note\", \"payload\": 1}]".to_owned(), "event 1: `occurred_at` is missing"),
        ("\n".to_owned(), "holds no events"),
    ] {
        let file = written(&system, "events.jsonl", &text);
        let refused = shell.run(&["memory", "batch", &file]).await;
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{}", refused.stderr);
        assert!(refused.stderr.contains(&file) && refused.stderr.contains(complaint), "{}", refused.stderr);
    }
    let missing = shell.run(&["memory", "batch", "/nowhere/events.jsonl"]).await;
    assert_eq!(missing.code, Some(1));
    assert!(missing.stderr.contains("cannot read /nowhere/events.jsonl"), "{}", missing.stderr);
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 0);
    system.stop().await;
}

// MEMORY-3, CLI-3
#[tokio::test]
async fn a_batch_that_is_refused_says_what_was_done_before_it() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let good: String = (0..500).map(|n| line(&format!("e-{n}"))).collect();
    let bad = line("last").replace("\"note\"", "\"note\",\"mood\":\"good\"");
    let file = written(&system, "events.jsonl", &(good + &bad));
    let refused = shell.run(&["memory", "batch", &file, "--no-generate"]).await;
    assert_eq!(refused.code, Some(1), "{}", refused.stderr);
    assert_eq!(refused.stdout, "batch 1 of 2  events 500  new 500  known 0  skipped\n");
    assert!(refused.stderr.starts_with("1 of 2 batches done before this one\n"), "{}", refused.stderr);
    assert!(refused.stderr.contains("code: invalid_request (HTTP 400)"), "{}", refused.stderr);
    assert_eq!(system.number("SELECT count(*) FROM agent_events").await, 500);
    system.stop().await;
}

// MEMORY-24, CLI-2
#[tokio::test]
async fn what_was_told_is_found_as_a_table_and_as_one_text() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let session = shell.json(&["session", "start", "--ticket", "T-1", "--agent", "ada"]).await;
    let session = session["session"]["session_id"].as_str().expect("a session").to_owned();
    let add = ["memory", "add", "--type", "decision", "--session", &session, "--wait"];
    shell.say(&[&add[..], &["--text", "Decided to keep zebras in libSQL because one file is enough."]].concat()).await;
    let thread = shell.ask("Animals", &[]).await;
    shell.say(&["forum", "post", &thread, "Where do zebras live?"]).await;
    system.settle().await;

    let made = system.rows("SELECT observation_id, kind FROM observations ORDER BY id").await;
    let (id, kind) = (made[0][0].as_str().expect("an observation"), made[0][1].as_str().expect("its kind"));
    let found = shell.say(&["memory", "search", "zebras"]).await;
    assert!(found.starts_with("KIND "), "{found}");
    let row = found.lines().find(|line| line.contains(id)).expect("the observation");
    assert!(row.starts_with(kind) && row.contains(&session), "{row}");
    let row = found.lines().find(|line| line.contains(&thread)).expect("the thread of the post");
    assert!(row.starts_with("post "), "{row}");
    let narrow = shell.json(&["memory", "search", "zebras", "--kind", kind, "--session", &session]).await;
    let kinds: Vec<_> = narrow["items"].as_array().expect("a list").iter().map(|item| item["kind"].clone()).collect();
    assert!(!kinds.is_empty() && kinds.iter().all(|found| found == kind), "{narrow}");
    let body = json!({ "query": "zebras", "kinds": [kind], "session_id": session });
    assert_eq!(narrow, system.owner.post("/api/v1/search", &body).await.body);

    let page = shell.run(&["memory", "search", "zebras", "--limit", "1"]).await;
    let cursor = page.stderr.split("--cursor ").nth(1).expect("the way on").trim().to_owned();
    let next = shell.say(&["memory", "search", "zebras", "--limit", "1", "--cursor", &cursor]).await;
    assert_ne!(page.stdout.lines().nth(1), next.lines().nth(1), "another one");
    let none = shell.run(&["memory", "search", "unicorns"]).await;
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.as_str()), (Some(0), "", "nothing matches\n"));

    let context = shell.run(&["memory", "context", "zebras", "--budget", "2000", "--limit", "5"]).await;
    assert_eq!((context.code, context.stderr.as_str()), (Some(0), ""));
    assert!(context.stdout.contains("zebras"), "{}", context.stdout);
    let document = shell.json(&["memory", "context", "zebras", "--budget", "2000", "--limit", "5"]).await;
    assert_eq!(document["text"].as_str().map(str::trim_end), Some(context.stdout.trim_end()));
    let empty = shell.run(&["memory", "search", "?!"]).await;
    assert_eq!((empty.code, empty.stdout.as_str()), (Some(1), ""));
    assert!(empty.stderr.contains("code: empty_query (HTTP 400)"), "{}", empty.stderr);
    system.stop().await;
}

// MEMORY-6, MEMORY-13, CLI-3
#[tokio::test]
async fn waiting_for_a_job_that_fails_is_a_failure_and_says_what_to_do() {
    let system = without_provider().await;
    let shell = Shell::of(&system);
    let add = ["memory", "add", "--type", "note", "--text", "nobody looks at it", "--wait"];
    let failed = shell.run(&add).await;
    assert_eq!(failed.code, Some(1), "{}", failed.stderr);
    assert!(failed.stdout.ends_with("  failed  enqueued\n"), "{}", failed.stdout);
    let job = failed.stdout.split_whitespace().nth(1).expect("a job");
    for step in [format!("agentforum jobs show {job}"), format!("agentforum jobs retry {job}")] {
        assert!(failed.stderr.contains(&step), "{}", failed.stderr);
    }
    let shown = shell.run(&["jobs", "show", job]).await;
    assert!(shown.stdout.contains("\n\nerror transient\n    "), "{}", shown.stdout);
    assert!(shown.stderr.contains(&format!("agentforum jobs retry {job}")), "{}", shown.stderr);
    assert_eq!(shell.say(&["jobs", "retry", job]).await, format!("{job}  queued\n"));
    assert_eq!(system.number("SELECT retried_count FROM jobs").await, 1);
    system.stop().await;
}

// CLI-1
#[tokio::test]
async fn commands_on_memory_fail_where_no_server_is_and_say_how_to_start_one() {
    let setup = Setup::running();
    let (shell, address) = Shell::without_a_server(&setup).await;
    for arguments in [
        vec!["memory", "add", "--type", "note", "--text", "a", "--wait"],
        vec!["memory", "search", "a"],
        vec!["memory", "context", "a"],
        vec!["jobs", "list"],
        vec!["jobs", "retry", "evt_1"],
        vec!["jobs", "lanes"],
        vec!["jobs", "pause", "event"],
        vec!["jobs", "reindex"],
    ] {
        let ended = shell.run(&arguments).await;
        assert_eq!((ended.code, ended.stdout.as_str()), (Some(1), ""), "{arguments:?}: {}", ended.stderr);
        assert!(ended.stderr.contains(&address) && ended.stderr.contains("agentforum up"), "{}", ended.stderr);
    }
}
