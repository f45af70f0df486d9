//! Search: words are data, titles weigh more, pages neither repeat nor skip.

use std::collections::BTreeSet;

use serde_json::{Value, json};
use tests::system::{Setup, System};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";

async fn open(system: &System, title: &str, body: &str) -> String {
    system.opened(&json!({ "title": title, "body": body, "ticket": "T-1" })).await
}

async fn search(system: &System, words: &str) -> Value {
    let request = system.owner.request(reqwest::Method::GET, "/api/v1/forum/search").query(&[("query", words)]);
    let answer = tests::system::answer(request).await;
    assert_eq!(answer.status, 200, "{words:?}: {}", answer.body);
    answer.body
}

fn titles(found: &Value) -> Vec<&str> {
    found["items"].as_array().expect("items").iter().map(|item| item["title"].as_str().expect("a title")).collect()
}

// FORUM-18
#[tokio::test]
async fn words_are_found_in_any_form_and_a_title_weighs_more_than_a_body() {
    let system = System::stepped().await;
    open(&system, "Run the migrations", "in the night").await;
    let body_only = open(&system, "Something else", "about one migration").await;
    open(&system, "Unrelated", "nothing to see").await;
    let found = search(&system, "migration").await;
    assert_eq!(titles(&found), ["Run the migrations", "Something else"], "the title first, although it is older");
    assert_eq!((&found["items"][0]["score"], &found["items"][1]["score"]), (&json!(2), &json!(1)));
    assert_eq!(found["truncated"], false);
    assert_eq!(found.get("next_cursor"), None);
    // Words may be spread over the title and one post, and must all be there.
    assert_eq!(titles(&search(&system, "else migrating").await), ["Something else"]);
    assert_eq!(titles(&search(&system, "night migration").await), ["Run the migrations"]);
    assert_eq!(titles(&search(&system, "migration unicorn").await), [""; 0]);
    let post = json!({ "body": "A unicorn appeared" });
    system.apply(&format!("{THREADS}/{body_only}/posts"), &post).await;
    let found = search(&system, "UNICORNS").await;
    assert_eq!(titles(&found), ["Something else"]);
    assert_eq!(
        system.rows("SELECT post_id FROM posts WHERE body GLOB 'A uni*'").await[0][0],
        found["items"][0]["post_id"]
    );
    system.execute("UPDATE view_thread_views SET kind = 'control' WHERE title = 'Something else'").await;
    assert_eq!(titles(&search(&system, "unicorn").await), ["Something else"], "control threads too");
}

// FORUM-18, FORUM-12
#[tokio::test]
async fn filters_hold_for_what_is_found() {
    let system = System::stepped().await;
    for (n, ticket) in ["T-1", "T-2", "T-1"].iter().enumerate() {
        let body =
            json!({ "title": format!("Cache {n}"), "body": "b", "ticket": ticket, "agent_name": format!("a{n}") });
        system.opened(&body).await;
    }
    let page = system.owner.get("/api/v1/forum/search?query=cache&ticket=T-1").await;
    assert_eq!(titles(&page.body), ["Cache 2", "Cache 0"]);
    let page = system.owner.get("/api/v1/forum/search?query=cache&ticket=T-1&agent_name=a0&state=new").await;
    assert_eq!(titles(&page.body), ["Cache 0"]);
}

// FORUM-19
#[tokio::test]
async fn hostile_text_is_data() {
    let system = System::stepped().await;
    open(&system, "Plain words", "NEAR and far, OR not").await;
    for text in [
        "\"",
        "\"\"\"",
        "wor*",
        "NEAR(plain words)",
        "title:plain",
        "scope:s",
        "plain OR nothing",
        "-plain",
        "^plain",
        "plain AND",
        "(",
        ")",
        "{title}: plain",
        "pl\u{0}ain",
        "'; DROP TABLE posts; --",
        "plain\" OR \"x",
        "a.b.c",
        "%_",
        "日本語 ünï 🦀x",
    ] {
        let request = system.owner.request(reqwest::Method::GET, "/api/v1/forum/search").query(&[("query", text)]);
        let answer = tests::system::answer(request).await;
        let expected = if text.chars().any(char::is_alphanumeric) { 200 } else { 400 };
        assert_eq!(answer.status.as_u16(), expected, "{text:?}: {}", answer.body);
        if expected == 400 {
            assert_eq!(answer.refusal().1, "empty_query", "{text:?}");
        }
    }
    assert_eq!(titles(&search(&system, "near far").await), ["Plain words"]);
    assert_eq!(titles(&search(&system, "plain OR nothing").await), [""; 0], "OR is a word like any other");
    for refused in ["", "?query=", "?query=%20%20", "?query=---"] {
        let answer = system.owner.get(&format!("/api/v1/forum/search{refused}")).await;
        assert_eq!(answer.refusal(), (400, "empty_query".to_owned()), "{refused}");
    }
    let long = system.owner.get(&format!("/api/v1/forum/search?query={}", "x".repeat(1001))).await;
    assert_eq!(long.refusal(), (400, "invalid_request".to_owned()));
    assert_eq!(system.owner.get("/api/v1/forum/search?query=a&limit=101").await.refusal().0, 400);
}

// FORUM-19
#[tokio::test]
async fn only_the_newest_matches_are_ranked_and_that_is_said() {
    let system = Setup::stepped().set("search.matches_max", "3").start().await;
    for n in 0..5 {
        open(&system, &format!("Index {n}"), "b").await;
    }
    let found = search(&system, "index").await;
    assert_eq!((titles(&found), &found["truncated"]), (vec!["Index 4", "Index 3", "Index 2"], &json!(true)));
    let found = search(&system, "index 3").await;
    assert_eq!((titles(&found), &found["truncated"]), (vec!["Index 3"], &json!(false)));
}

// HTTP-5
#[tokio::test]
async fn pages_neither_repeat_nor_skip_while_others_write() {
    let system = System::stepped().await;
    let mut threads = Vec::new();
    for n in 0..60 {
        let (title, body) =
            if n % 4 == 0 { (format!("Retry {n}"), "b") } else { (format!("Thread {n}"), "about a retry") };
        threads.push(open(&system, &title, body).await);
    }
    let (mut seen, mut cursor, mut pages) = (Vec::new(), String::new(), 0);
    loop {
        let page = system.owner.get(&format!("/api/v1/forum/search?query=retries&limit=7{cursor}")).await;
        seen.extend(page.list("/items").iter().map(|item| item["thread_id"].as_str().expect("an id").to_owned()));
        // Both a thread of a later page and a new one match now.
        let post = json!({ "body": "one more retry" });
        system.apply(&format!("{THREADS}/{}/posts", threads[pages % 60]), &post).await;
        open(&system, "Retry again", "b").await;
        pages += 1;
        match page.body.get("next_cursor").and_then(Value::as_str) {
            Some(next) => cursor = format!("&cursor={next}"),
            None => break,
        }
    }
    assert_eq!(seen.len(), 60, "nothing came twice");
    assert_eq!(seen.iter().collect::<BTreeSet<_>>(), threads.iter().collect::<BTreeSet<_>>());
    let foreign = system.owner.get(&format!("/api/v1/forum/search?query=other{cursor}")).await;
    assert_eq!(foreign.refusal(), (400, "invalid_cursor".to_owned()));
}
