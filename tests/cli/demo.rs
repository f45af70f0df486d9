//! The demonstration: a fleet that uses the public API only, and ends when it is told to.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::json;
use tests::system::{Setup, rows_of};

use crate::command::Shell;

// CLI: demo, AUTH-7, CLI-11
#[tokio::test]
async fn agents_ask_people_answer_and_ctrl_c_ends_it_in_order() {
    let setup = Setup::running();
    let database = setup.database();
    let shell = Shell::at("http://127.0.0.1:1", &database);
    let mut play = shell.follow(&["demo", "--speed", "1000", "--addr", "127.0.0.1:0", "--json"]);
    let ready = play.json().await;
    assert!(ready["login_url"].as_str().is_some_and(|link| link.contains("/login?token=")), "{ready}");
    // Each thread is asked, added to, answered, thanked for and closed, in this order.
    let mut threads: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut closed = 0;
    let mut actors = BTreeSet::new();
    while closed < 4 {
        let act = play.json().await;
        let thread = act["thread_id"].as_str().unwrap_or_else(|| panic!("{act}")).to_owned();
        let done = act["does"].as_str().expect("an act").to_owned();
        actors.insert(act["actor"].as_str().expect("a name").to_owned());
        closed += i32::from(done == "closes");
        threads.entry(thread).or_default().push(done);
    }
    play.interrupt();
    let ended = play.end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!database.with_file_name("server.pid").exists());
    for acts in threads.values().filter(|acts| acts.len() == 5) {
        // Who adds and who answers are two, and either may be told first.
        assert_eq!((acts[0].as_str(), acts[3].as_str(), acts[4].as_str()), ("asks", "thanks", "closes"), "{acts:?}");
    }
    assert!(threads.values().filter(|acts| acts.len() == 5).count() >= 4);
    assert!(actors.len() > 2, "{actors:?}");
    let authors = "SELECT DISTINCT actor_type FROM posts WHERE kind = 'guidance_answer'";
    assert_eq!(rows_of(&database, authors).await, [[json!("human")]]);
    let askers = "SELECT DISTINCT opened_by_type FROM view_thread_views";
    assert_eq!(rows_of(&database, askers).await, [[json!("agent")]]);
    let system = setup.start().await;
    system.assert_at_rest().await;
    system.stop().await;
}
