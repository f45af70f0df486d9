//! Jobs and their lanes at the command line.

use serde_json::json;
use tests::system::System;
use tests::world::World;

use crate::command::Shell;

/// Tells something; the id of its job.
async fn told(shell: &Shell, text: &str) -> String {
    let told = shell.json(&["memory", "add", "--type", "note", "--text", text]).await;
    told["generation_job"]["id"].as_str().expect("a job").to_owned()
}

// MEMORY-14, MEMORY-15, MEMORY-23, CLI-2, CLI-3
#[tokio::test]
async fn a_job_is_listed_shown_cancelled_and_run_again() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let none = shell.run(&["jobs", "list"]).await;
    assert_eq!((none.code, none.stdout.as_str(), none.stderr.as_str()), (Some(0), "", "no jobs match\n"));
    assert_eq!(shell.say(&["jobs", "pause", "event"]).await, "event  paused\n");
    let (first, second) = (told(&shell, "one").await, told(&shell, "two").await);

    let listed = shell.say(&["jobs", "list", "--status", "queued", "--kind", "event", "--since", "1h"]).await;
    assert_eq!(listed.lines().count(), 3, "a heading and two jobs: {listed}");
    let row: Vec<_> = listed.lines().nth(1).expect("the newest").split_whitespace().take(5).collect();
    assert_eq!(row, [second.as_str(), "queued", "event", "0/3", "0"]);
    let page = shell.run(&["jobs", "list", "--limit", "1"]).await;
    assert!(page.stdout.contains(&second) && !page.stdout.contains(&first), "{}", page.stdout);
    assert_eq!(page.stderr, "there are more, 2 in all: --offset 1\n");
    let rest = shell.run(&["jobs", "list", "--limit", "1", "--offset", "1"]).await;
    assert!(rest.stdout.contains(&first) && rest.stderr.is_empty(), "{}", rest.stdout);
    assert!(shell.say(&["jobs", "list", "--status", "failed"]).await.is_empty());
    for (arguments, path) in [
        (vec!["jobs", "list"], "/api/v1/jobs".to_owned()),
        (vec!["jobs", "list", "--source-type", "agent_event"], "/api/v1/jobs?source_type=agent_event".to_owned()),
        (vec!["jobs", "show", &first], format!("/api/v1/jobs/{first}")),
    ] {
        assert_eq!(shell.json(&arguments).await, system.owner.get(&path).await.body, "{arguments:?}");
    }

    let waiting = shell.run(&["jobs", "show", &first]).await;
    assert!(waiting.stdout.starts_with(&format!("{first}\nqueued  event  queued_only\nof agent_event aev_")));
    assert!(waiting.stderr.contains("agentforum jobs lanes"), "{}", waiting.stderr);
    let queued = shell.run(&["jobs", "retry", &first]).await;
    assert_eq!((queued.code, queued.stdout), (Some(0), format!("{first}  queued\n")), "{}", queued.stderr);
    assert!(queued.stderr.starts_with("note: nothing was changed"), "{}", queued.stderr);
    for _ in 0..2 {
        let cancel = ["jobs", "cancel", &first];
        assert_eq!(shell.say(&cancel).await, format!("{first}  cancelled\n"), "cancelling it again is harmless");
    }
    let cancelled = shell.run(&["jobs", "show", &first]).await;
    assert!(cancelled.stderr.contains(&format!("agentforum jobs retry {first}")), "{}", cancelled.stderr);
    assert_eq!(shell.say(&["jobs", "retry", &first]).await, format!("{first}  queued\n"));

    assert_eq!(shell.say(&["jobs", "resume", "EVENT"]).await, "event  works\n");
    shell.say(&["memory", "add", "--type", "note", "--text", "three", "--wait"]).await;
    system.settle().await;
    let done = shell.run(&["jobs", "show", &first]).await;
    assert!(done.stdout.starts_with(&format!("{first}\ncompleted  event  ")), "{}", done.stdout);
    assert!(done.stdout.contains("\nattempts 1 of 3  retried 1\n"), "{}", done.stdout);
    assert!(done.stdout.contains("\n\nPOS ") && done.stderr.is_empty(), "{}", done.stdout);
    for (action, code) in [("retry", "job_not_retryable"), ("cancel", "job_not_cancellable")] {
        let refused = shell.run(&["jobs", action, &first]).await;
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(3), ""), "{action}: {}", refused.stderr);
        assert!(refused.stderr.contains(&format!("code: {code} (HTTP 409)")), "{}", refused.stderr);
    }
    let unknown = format!("evt_{}", "0".repeat(64));
    for action in ["show", "retry", "cancel"] {
        let refused = shell.run(&["jobs", action, &unknown]).await;
        assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{action}: {}", refused.stderr);
        assert!(refused.stderr.contains("code: not_found (HTTP 404)"), "{}", refused.stderr);
    }
    system.stop().await;
}

// MEMORY-1, MEMORY-22, CLI-2
#[tokio::test]
async fn a_paused_lane_says_so_and_how_it_goes_on() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let lanes = shell.run(&["jobs", "lanes"]).await;
    let rows: Vec<Vec<_>> =
        lanes.stdout.lines().skip(1).map(|line| line.split_whitespace().take(5).collect()).collect();
    let expected = ["event", "event_batch", "summary", "reindex"].map(|lane| vec![lane, "works", "0", "0", "0"]);
    assert_eq!((rows, lanes.stderr.as_str()), (expected.to_vec(), ""));

    let paused = shell.run(&["jobs", "pause", "event"]).await;
    assert_eq!((paused.code, paused.stdout.as_str()), (Some(0), "event  paused\n"), "{}", paused.stderr);
    assert!(paused.stderr.contains("agentforum jobs resume event"), "{}", paused.stderr);
    let told = shell.run(&["memory", "add", "--type", "note", "--text", "later"]).await;
    assert!(told.stdout.ends_with("  queued  queued_only\n"), "{}", told.stdout);
    assert!(told.stderr.contains("agentforum jobs lanes"), "{}", told.stderr);
    let lanes = shell.run(&["jobs", "lanes"]).await;
    let row: Vec<_> = lanes.stdout.lines().nth(1).expect("a lane").split_whitespace().take(5).collect();
    assert_eq!(row, ["event", "paused", "1", "0", "0"]);
    assert!(lanes.stderr.contains("agentforum jobs resume event"), "{}", lanes.stderr);
    let document = shell.json(&["jobs", "lanes"]).await;
    assert_eq!(document, system.owner.get("/api/v1/lanes").await.body);
    assert_eq!(document["items"][0]["paused"], json!(true));

    shell.say(&["project", "create", "Web"]).await;
    shell.say(&["jobs", "pause", "summary", "--project", "web"]).await;
    let by_lane = "SELECT project_id, kind FROM lane_pauses ORDER BY kind";
    let expected = [["", "event"], ["web", "summary"]].map(|row| row.map(|text| json!(text)));
    assert_eq!(system.rows(by_lane).await, expected);
    shell.say(&["jobs", "resume", "summary", "--project", "web"]).await;

    assert_eq!(shell.say(&["jobs", "resume", "event"]).await, "event  works\n");
    let wait = ["memory", "add", "--type", "note", "--text", "now", "--wait"];
    assert!(shell.say(&wait).await.ends_with("  completed  enqueued\n"));
    system.stop().await;
}

// MEMORY-25, CLI-3
#[tokio::test]
async fn what_observations_are_found_by_is_built_again() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let made = shell.run(&["jobs", "reindex"]).await;
    assert_eq!(made.code, Some(0), "{}", made.stderr);
    let job = made.stdout.split_whitespace().next().expect("a job").to_owned();
    assert!(job.starts_with("rdx_"), "{}", made.stdout);
    assert!(made.stderr.contains(&format!("agentforum jobs show {job}")), "{}", made.stderr);
    system.settle().await;
    assert!(shell.say(&["jobs", "show", &job]).await.starts_with(&format!("{job}\ncompleted  reindex  ")));
    let unknown = "obs_0199a0a0-0000-7000-8000-000000000000";
    let refused = shell.run(&["jobs", "reindex", "--observation", unknown]).await;
    assert_eq!((refused.code, refused.stdout.as_str()), (Some(1), ""), "{}", refused.stderr);
    assert!(refused.stderr.contains("code: not_found (HTTP 404)"), "{}", refused.stderr);
    let both = ["jobs", "reindex", "--observation", unknown, "--session", "default-1"];
    assert_eq!(shell.run(&both).await.code, Some(2));
    system.stop().await;
}
