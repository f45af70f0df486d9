//! Clients that ask, post, answer and close, and write down what was acknowledged.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use reqwest::Method;
use serde_json::{Value, json};
use tests::system::Client;
use tokio::sync::watch;

/// One acknowledged command.
#[derive(Clone, Debug)]
pub struct Entry {
    /// Where it was posted.
    pub path: String,
    /// Its body.
    pub body: Value,
    /// Its idempotency key.
    pub key: String,
    /// What the acknowledgement called it.
    pub command_id: String,
    /// Its thread.
    pub thread: String,
}

/// What all clients share.
#[derive(Clone)]
pub struct Load {
    /// A client of the server that runs now; none between two.
    pub server: watch::Receiver<Option<Client>>,
    /// Every acknowledgement, in the order they came.
    pub journal: Arc<Mutex<Vec<Entry>>>,
    /// Set once no new thread is to be begun.
    pub enough: Arc<AtomicBool>,
}

impl Load {
    /// One client: thread after thread, each command repeated under its key until it is acknowledged.
    pub async fn run(mut self, number: usize) {
        for round in 0.. {
            if self.enough.load(Ordering::SeqCst) {
                return;
            }
            let name = format!("c{number}-{round}");
            let ask =
                json!({ "title": name, "body": "What now?", "ticket": format!("T-{number}"), "options": ["a", "b"] });
            let thread = self.acknowledged("/api/v1/forum/threads", &ask, &name, None).await;
            let path = format!("/api/v1/forum/threads/{thread}");
            for n in 0..round % 4 {
                let body = json!({ "body": format!("post {n}") });
                self.acknowledged(&format!("{path}/posts"), &body, &format!("{name}-p{n}"), Some(&thread)).await;
            }
            let answer = json!({ "body": "this", "option": "a" });
            self.acknowledged(&format!("{path}/answer"), &answer, &format!("{name}-a"), Some(&thread)).await;
            if round % 2 == 0 {
                self.acknowledged(&format!("{path}/close"), &json!({}), &format!("{name}-c"), Some(&thread)).await;
            }
        }
    }

    /// Repeats a command until it is acknowledged; answers with its thread.
    async fn acknowledged(&mut self, path: &str, body: &Value, key: &str, thread: Option<&str>) -> String {
        // Half of the clients do not wait, so that there is always something accepted and not handled.
        let target = if key.len().is_multiple_of(2) { path.to_owned() } else { format!("{path}?wait=0") };
        loop {
            let client = self.server.wait_for(Option::is_some).await.expect("servers come").clone();
            let Some(client) = client else { continue };
            let sent = client.request(Method::POST, &target).header("idempotency-key", key).json(body).send().await;
            let answer = match sent {
                Ok(response) if response.status().is_success() => response.json::<Value>().await.ok(),
                Ok(response) => {
                    assert_eq!(response.status(), 503, "{key} was refused: {:?}", response.text().await);
                    None
                }
                Err(_) => None,
            };
            let Some(answer) = answer else {
                // The server is gone, or about to be: the next one, or another try with this one.
                let _ = tokio::time::timeout(Duration::from_millis(20), self.server.changed()).await;
                continue;
            };
            let command_id = answer["command"]["command_id"].as_str().expect("a command").to_owned();
            let thread = thread.map_or_else(|| command_id.replace("cmd_", "thr_"), str::to_owned);
            let entry = Entry {
                path: path.to_owned(),
                body: body.clone(),
                key: key.to_owned(),
                command_id,
                thread: thread.clone(),
            };
            self.journal.lock().expect("the journal").push(entry);
            return thread;
        }
    }
}
