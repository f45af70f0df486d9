//! The demonstration: a fleet that uses the public API only, and ends when it is told to.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tests::system::{Setup, rows_of};

use crate::command::{Following, Shell};

/// What must be seen at least once: a run that ends, a check that fails and one that passes, a default that is taken, a
/// message that nobody can handle; a nudge that is read, a person who is called, a session that ends with its run, and a
/// pull request that is merged.
const AWAITED: [&str; 9] = ["ends", "fails", "passes", "defaults", "strays", "heeds", "notices", "leaves", "lands"];
/// And what an agent does about a request whose deadline passes before it is answered after all.
const LATE: [[&str; 2]; 2] = [["parks", "resumes"], ["waits", "resumes"]];
/// Agents, people, the operator and the stranger: each does something.
const CAST: usize = 24 + 3 + 1 + 1;
/// All of it takes seconds: the nearest deadlines are two seconds away.
const PATIENCE: Duration = Duration::from_secs(120);

/// What was told so far.
#[derive(Debug, Default)]
struct Seen {
    does: BTreeSet<String>,
    actors: BTreeSet<String>,
    runs: BTreeSet<String>,
    /// What was done in each thread.
    threads: BTreeMap<String, Vec<String>>,
}

impl Seen {
    fn take(&mut self, act: &Value) {
        let text = |field: &str| act[field].as_str().map(str::to_owned);
        let does = text("does").unwrap_or_else(|| panic!("{act}"));
        assert_ne!(does, "stumbles", "{act}");
        self.actors.insert(text("actor").unwrap_or_else(|| panic!("{act}")));
        if does == "starts" {
            self.runs.insert(text("run_id").unwrap_or_else(|| panic!("{act}")));
        }
        if let Some(thread) = text("thread_id") {
            self.threads.entry(thread).or_default().push(does.clone());
        }
        self.does.insert(does);
    }

    /// Questions of the forum that were asked, added to, answered, thanked for and closed.
    fn closed(&self) -> impl Iterator<Item = &Vec<String>> {
        let questions = self.threads.iter().filter(|(thread, _)| thread.starts_with("thr_"));
        questions.map(|(_, acts)| acts).filter(|acts| acts.len() == 5)
    }

    /// Whether somewhere these were done one after the other.
    fn in_order(&self, wanted: [&str; 2]) -> bool {
        let place = |acts: &[String], wanted: &str| acts.iter().position(|act| act == wanted);
        let in_order = |acts: &Vec<String>| place(acts, wanted[0]).zip(place(acts, wanted[1]));
        self.threads.values().filter_map(in_order).any(|(first, second)| first < second)
    }

    fn is_enough(&self) -> bool {
        let awaited = AWAITED.iter().all(|awaited| self.does.contains(*awaited));
        let late = LATE.iter().all(|wanted| self.in_order(*wanted));
        awaited && late && self.actors.len() == CAST && self.runs.len() >= 6 && self.closed().count() >= 4
    }
}

async fn watch(play: &mut Following) -> Seen {
    let mut seen = Seen::default();
    while !seen.is_enough() {
        seen.take(&play.json().await);
    }
    seen
}

async fn number(database: &Path, sql: &str) -> i64 {
    rows_of(database, sql).await[0][0].as_i64().expect("a number")
}

// CLI: demo, AUTH-7, CLI-11, REACT-2, REACT-3, REACT-14, SESSION-2, SIGNAL-11, SIGNAL-12, SIGNAL-14, RUN-2, RUN-3, RUN-13, DEAD-1, DEAD-2
#[tokio::test]
async fn agents_work_in_runs_people_answer_and_ctrl_c_ends_it_in_order() {
    let setup = Setup::running();
    let database = setup.database();
    let shell = Shell::at("http://127.0.0.1:1", &database);
    let mut play = shell.follow(&["demo", "--speed", "1000", "--addr", "127.0.0.1:0", "--json"]);
    let ready = play.json().await;
    assert!(ready["login_url"].as_str().is_some_and(|link| link.contains("/login?token=")), "{ready}");
    let seen = tokio::time::timeout(PATIENCE, watch(&mut play)).await.expect("all of it happens");
    play.interrupt();
    let ended = play.end().await;
    assert_eq!(ended.code, Some(0), "{}", ended.stderr);
    assert!(!database.with_file_name("server.pid").exists());
    for acts in seen.closed() {
        // Who answers is another one than who asks: it is told when that one is told, whatever the asker has done by then.
        let (answers, own): (Vec<_>, Vec<_>) = acts.iter().partition(|act| *act == "answers");
        assert_eq!(answers.len(), 1, "{acts:?}");
        assert_eq!(own, ["asks", "adds", "thanks", "closes"], "{acts:?}");
    }

    assert_eq!(number(&database, "SELECT count(DISTINCT agent_name) FROM run_agents").await, 24);
    assert!(number(&database, "SELECT count(*) FROM runs").await >= 6);
    // RUN-13: a run takes its control threads with it.
    assert!(number(&database, "SELECT count(*) FROM runs WHERE state = 'closed'").await >= 1);
    let left = "SELECT count(*) FROM threads JOIN runs USING (team_id, project_id, run_id)
                WHERE runs.state = 'closed' AND threads.kind = 'control' AND threads.state <> 'closed'";
    assert_eq!(number(&database, left).await, 0);
    // RUN-2, RUN-3: nobody moved them there.
    for state in ["awaiting_guidance", "completed"] {
        let moved = format!(
            "SELECT count(*) FROM events
             WHERE type = 'run.state.changed' AND actor_type = 'system' AND json_extract(payload, '$.to') = '{state}'"
        );
        assert!(number(&database, &moved).await >= 1, "no run became {state}");
    }
    // SIGNAL-11, SIGNAL-12, SIGNAL-14: what a deadline did is in the trail.
    for action in ["guidance.auto_answered", "guidance.parked"] {
        let trail = format!("SELECT count(*) FROM audit WHERE action = '{action}'");
        assert!(number(&database, &trail).await >= 1, "{action}");
    }
    let authors = "SELECT DISTINCT actor_type FROM posts WHERE kind = 'guidance_answer' ORDER BY actor_type";
    assert_eq!(rows_of(&database, authors).await, [[json!("human")], [json!("system")]]);
    // A nudge may come before an agent's first signal, and then opens its control thread.
    let askers = "SELECT DISTINCT opened_by_type FROM view_thread_views WHERE kind <> 'control'";
    assert_eq!(rows_of(&database, askers).await, [[json!("agent")]]);

    // SESSION-2, SESSION-19, RUN-6: an agent has one session in each of its runs, and it ends with the run.
    assert_eq!(number(&database, "SELECT count(DISTINCT agent_name) FROM sessions").await, 24);
    let twice = "SELECT count(*) FROM (SELECT 1 FROM sessions GROUP BY run_id, agent_name HAVING count(*) > 1)";
    assert_eq!(number(&database, twice).await, 0);
    assert!(number(&database, "SELECT count(*) FROM sessions WHERE state = 'done'").await >= 1);
    // REACT-2, REACT-4: by the system, on control threads.
    let nudges = "SELECT count(*) FROM posts JOIN threads USING (team_id, project_id, thread_id)
                  WHERE posts.kind = 'nudge' AND posts.actor_type = 'system' AND threads.kind = 'control'";
    assert!(number(&database, nudges).await >= 1);
    assert!(number(&database, "SELECT count(*) FROM pull_requests WHERE state = 'merged'").await >= 1);

    let system = setup.start().await;
    system.assert_at_rest().await;
    // REACT-3, REACT-14: a person was called, and nobody outside was told.
    let called = system.owner.get("/api/v1/notifications?kind=ci_brake").await;
    let called = called.list("/items");
    assert!(called.iter().any(|notification| notification["read_by"] == "jonas"), "{called:?}");
    assert!(called.iter().all(|notification| notification["delivery"] == "disabled"), "{called:?}");
    // DEAD-1, DEAD-2: the stranger's message is the one that died, and still lies there.
    let letters = rows_of(&database, "SELECT status, source, error_class FROM dead_letters").await;
    assert_eq!(letters, [[json!("dead"), json!("delivery"), json!("unknown_command")]]);
    let listed = Shell::of(&system).json(&["dead", "list"]).await;
    assert_eq!(listed["items"].as_array().map(Vec::len), Some(1), "{listed}");
    system.stop().await;
}
