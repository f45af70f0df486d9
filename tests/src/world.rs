//! What a story needs of the system it is told over: the harness in this process, or a deployment.

use reqwest::{Method, StatusCode};
use serde_json::Value;
use shared::clock::Clock;
use shared::clock::Time;
use shared::id::{Ids, Kind};

use crate::system::{Answer, Client, answer};

/// A system that a story is told over.
#[expect(async_fn_in_trait, reason = "tests run their futures where they are")]
pub trait World {
    /// A client with a key that may do everything, bound to nobody.
    fn owner(&self) -> &Client;

    /// The time by which it stamps.
    fn now(&self) -> Time;

    /// Rows of its database.
    async fn rows(&self, sql: &str) -> Vec<Vec<Value>>;

    /// Waits until everything is at rest; answers with the log's head.
    async fn settle(&self) -> i64;

    /// The one number a query gives.
    async fn number(&self, sql: &str) -> i64 {
        self.rows(sql).await[0][0].as_i64().expect("a number")
    }

    /// Accepts a command, lets the system come to rest, and answers with what became of it: the replay of its answer.
    async fn apply(&self, path: &str, body: &Value) -> Answer {
        let ids = Ids::from_system(Clock::System).expect("randomness");
        let key = format!("apply-{}", ids.next(Kind::Request));
        let send = || async {
            let request = self.owner().request(Method::POST, path).header("prefer", "respond-async");
            answer(request.header("idempotency-key", &key).json(body)).await
        };
        let accepted = send().await;
        if accepted.status != StatusCode::ACCEPTED {
            return accepted;
        }
        self.settle().await;
        send().await
    }

    /// Opens a thread and answers with its id.
    async fn opened(&self, body: &Value) -> String {
        let answer = self.apply("/api/v1/forum/threads", body).await;
        assert_eq!(answer.status, StatusCode::CREATED, "{}", answer.body);
        answer.text("/thread/thread_id")
    }

    /// Every drill ends so: positions without gaps, nothing waits, and nothing died.
    async fn assert_whole(&self) {
        let head = self.settle().await;
        let positions: Vec<i64> =
            self.rows("SELECT pos FROM events ORDER BY pos").await.iter().filter_map(|row| row[0].as_i64()).collect();
        assert_eq!(positions, (1..=head).collect::<Vec<_>>(), "positions have a gap");
        assert_eq!(self.number("SELECT count(*) FROM outbox WHERE status <> 'sent'").await, 0, "the outbox rests");
        assert_eq!(self.number("SELECT count(*) FROM commands WHERE status = 'accepted'").await, 0);
    }
}
