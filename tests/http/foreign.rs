//! Every endpoint with the ids of a foreign tenant: what is foreign is as unknown, shows nowhere, stays as it is. An
//! endpoint that the table does not know fails.

mod equal;
mod findings;
mod ids;
mod stage;
mod table;
mod walk;

use std::collections::BTreeSet;

use reqwest::Method;
use serde_json::{Value, json};
use tests::system::{Client, answer, question};
use tests::webhooks::signature;
use tests::world::World;

use findings::Findings;
use stage::{Caller, Stage};
use table::{Way, rows};

const OPENED: &str = include_str!("../fixtures/github/pull_request.opened.json");

// AUTH-4
#[test]
fn the_table_has_every_endpoint_and_no_other() {
    let document: Value = serde_json::from_str(&api_http::document()).expect("JSON");
    let mut described = BTreeSet::new();
    for (path, item) in document["paths"].as_object().expect("paths") {
        let methods = item.as_object().expect("a path item").keys();
        described.extend(methods.map(|method| format!("{} {path}", method.to_uppercase())));
    }
    let told: BTreeSet<_> = rows().into_iter().map(|row| row.operation.to_owned()).collect();
    let missing: Vec<_> = described.difference(&told).collect();
    assert!(missing.is_empty(), "nobody calls these with foreign ids: {missing:?}");
    let gone: Vec<_> = told.difference(&described).collect();
    assert!(gone.is_empty(), "there are no such endpoints: {gone:?}");
    for row in rows() {
        if let Way::Nobodys(reason) | Way::Elsewhere(reason) = row.way {
            assert!(reason.len() > 20, "{} needs a reason", row.operation);
        }
    }
}

// AUTH-4, HTTP-7
#[tokio::test]
async fn what_is_foreign_is_as_unknown_and_in_no_list() {
    let stage = Stage::set().await;
    let mut found = Findings::default();
    for row in rows().iter().filter(|row| row.is_read()) {
        for caller in &stage.strangers {
            match row.way {
                Way::Thing => stage.is_as_unknown(caller, row, &mut found).await,
                Way::List => stage.shows_nothing(caller, row, &mut found).await,
                Way::Nobodys(_) => stage.tells_nothing(caller, row, &mut found).await,
                Way::Own | Way::Refused(_) | Way::Elsewhere(_) => {}
            }
        }
        // Or the call is not what the table takes it for.
        stage.is_reached(row, &mut found).await;
    }
    found.none();
}

// AUTH-4
#[tokio::test]
async fn nothing_foreign_is_counted() {
    let stage = Stage::set().await;
    let counted = async |caller: &Caller| {
        let get = async |path: &str| caller.client.get(&format!("/api/v1/{path}")).await;
        let number = |item: &Value, member: &str| item[member].as_i64().expect("a number");
        let lanes = get("lanes").await;
        let in_lane = |lane: &Value| number(lane, "queued") + number(lane, "processing") + number(lane, "failed");
        let (threads, letters) = (get("forum/stats").await, get("dead-letters?group=error").await);
        [
            get("jobs").await.number("/total"),
            get(&format!("teams/{}/jobs", caller.team)).await.number("/total"),
            lanes.list("/items").iter().map(in_lane).sum(),
            lanes.list("/items").iter().map(|item| i64::from(item["paused"] == true)).sum(),
            threads.list("/items").iter().map(|item| number(item, "count")).sum(),
            letters.list("/groups").iter().map(|item| number(item, "count")).sum(),
        ]
    };
    let own = counted(&stage.one).await;
    assert!(own.iter().all(|count| *count > 0), "{own:?}");
    for caller in &stage.strangers {
        assert_eq!(counted(caller).await, [0; 6], "{}", caller.team);
    }
}

// AUTH-4, LOG-14
#[tokio::test]
async fn a_strangers_stream_is_silent() {
    let stage = Stage::set().await;
    let mut streams = Vec::new();
    for caller in stage.everybody() {
        let stream = caller.client.request(Method::GET, "/api/v1/stream?after=0").send().await.expect("an answer");
        assert_eq!(stream.status(), 200);
        streams.push((caller, stream));
    }
    // What lies in the log already, and what happens while they listen.
    let asked = stage.one.client.post("/api/v1/forum/threads?wait=0", &question("Now")).await;
    assert_eq!(asked.status, 202, "{}", asked.body);
    let head = stage.system.settle().await;
    let newest = format!("{head}-{}", stage.system.harness.ctx.store.epoch());
    for (caller, mut stream) in streams {
        let mut text = String::new();
        // As an event, or as a heartbeat that says how far the log was looked through.
        while !text.contains(&newest) {
            let chunk = stream.chunk().await.expect("the stream does not break").expect("it goes on");
            text.push_str(&String::from_utf8_lossy(&chunk));
        }
        assert_eq!(text.contains("data:"), caller.home == "one", "{}: {text}", caller.home);
    }
}

// AUTH-4, AUTH-5
#[tokio::test]
async fn nobody_changes_what_is_foreign() {
    let stage = Stage::set().await;
    let before = stage.kept().await;
    let empty: Vec<_> = before.iter().filter(|(_, rows)| rows.is_empty()).map(|(table, _)| table.as_str()).collect();
    let may_be = ["login_tokens", "operator_states", "reactions"];
    assert!(empty.iter().all(|table| may_be.contains(table)), "nothing would show a change there: {empty:?}");
    let mut found = Findings::default();
    let (reads, writes): (Vec<_>, Vec<_>) = rows().into_iter().partition(table::Row::is_read);
    for row in &writes {
        for caller in &stage.strangers {
            match row.way {
                Way::Thing => stage.is_as_unknown(caller, row, &mut found).await,
                Way::Own => stage.makes_its_own(caller, row, &mut found).await,
                Way::Refused(codes) => stage.is_refused_with(caller, row, codes, &mut found).await,
                Way::Nobodys(_) => stage.tells_nothing(caller, row, &mut found).await,
                Way::List | Way::Elsewhere(_) => {}
            }
        }
    }
    stage.system.settle().await;
    found.unchanged(&before, &stage.kept().await);
    // What they made with foreign ids in it has brought nothing near.
    for row in reads.iter().filter(|row| row.way == Way::List) {
        for caller in &stage.strangers {
            stage.says_nothing(caller, row, &mut found).await;
        }
    }
    for row in &writes {
        stage.is_reached(row, &mut found).await;
    }
    found.none();
}

// HTTP-7, STORE-6
#[tokio::test]
async fn who_writes_for_a_tenant_out_of_reach_is_refused() {
    const COMMANDS: &str = "SELECT count(*) FROM commands";
    let stage = Stage::set().await;
    let (before, commands) = (stage.kept().await, stage.system.number(COMMANDS).await);
    let mut found = Findings::default();
    for row in rows() {
        for caller in stage.everybody() {
            stage.is_denied(caller, &row, &mut found).await;
        }
    }
    stage.system.settle().await;
    found.unchanged(&before, &stage.kept().await);
    found.none();
    assert_eq!(stage.system.number(COMMANDS).await, commands, "not even accepted");
}

// AUTH-4, PR-12
#[tokio::test]
async fn a_delivery_is_signed_with_the_secret_of_its_own_project() {
    let stage = Stage::set().await;
    let before = stage.kept().await;
    let github = Client::new(&stage.system.harness.url);
    for Caller { client, home, .. } in &stage.strangers {
        let made = client.post(&format!("/api/v1/projects/{home}/webhook-secret"), &json!({})).await;
        assert_eq!(made.status, 201, "{}", made.body);
        let signed = signature(&made.text("/secret"), OPENED.as_bytes());
        let deliver = async |project: &str| {
            let request = github.request(Method::POST, &format!("/api/v1/webhooks/github/{project}"));
            let request = request.header("x-github-event", "pull_request").header("x-github-delivery", "d-1");
            let request = request.header("x-hub-signature-256", &signed).header("content-type", "application/json");
            answer(request.body(OPENED)).await
        };
        assert_eq!(deliver("one").await.refusal(), (401, "unauthenticated".to_owned()), "{home}");
        // The pull request is known, and is another project's.
        let unmatched = deliver(home).await;
        assert_eq!((unmatched.status.as_u16(), unmatched.text("/result")), (202, "unmatched".to_owned()), "{home}");
    }
    stage.system.settle().await;
    let mut found = Findings::default();
    found.unchanged(&before, &stage.kept().await);
    found.none();
}
