//! A command that was accepted and not finished in time: looking for its outcome a while longer.

use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use crate::clock::Stopwatch;

use super::document::Document;
use super::error::{ClientError, ProblemDocument};
use super::{Client, retry};

/// What `GET /commands/{id}` says, as far as it matters here.
#[derive(Deserialize)]
struct CommandStatus {
    status: String,
    error: Option<Refusal>,
}

#[derive(Deserialize)]
struct Refusal {
    status: u16,
    code: String,
    #[serde(default)]
    detail: String,
}

impl Client {
    /// The outcome of a command answered with 202, or that answer when time runs out: it is accepted either way.
    pub(super) async fn settle(&self, accepted: Document, stopwatch: Stopwatch) -> Result<Document, ClientError> {
        if accepted.status != 202 {
            return Ok(accepted);
        }
        let body: Value = accepted.read()?;
        let Some(command_id) = body.pointer("/command/command_id").and_then(Value::as_str) else { return Ok(accepted) };
        let mut attempt = 2;
        loop {
            let pause = retry::pause(attempt, self.ids.fraction()).min(Duration::from_millis(500));
            if stopwatch.elapsed() + pause >= self.timeout {
                return Ok(accepted);
            }
            tokio::time::sleep(pause).await;
            attempt += 1;
            // What is accepted stays accepted: a failing look at it is no failure of the command.
            let Ok(document) = self.get(&["commands", command_id], &[]).await else { return Ok(accepted) };
            let Ok(command) = document.read::<CommandStatus>() else { return Ok(accepted) };
            match (command.status.as_str(), command.error) {
                ("accepted", _) => {}
                ("applied", _) => return Ok(document),
                (status, error) => return Err(refused(command_id, status, error)),
            }
        }
    }
}

/// The problem that a command's stored refusal, or its burial, amounts to.
fn refused(command_id: &str, status: &str, error: Option<Refusal>) -> ClientError {
    let problem = match error {
        Some(error) => {
            ProblemDocument { status: error.status, code: error.code, detail: Some(error.detail), ..Default::default() }
        }
        None => ProblemDocument {
            status: 500,
            code: "internal_error".to_owned(),
            detail: Some(format!("the command {command_id} is {status}")),
            ..Default::default()
        },
    };
    ClientError::Problem { problem: Box::new(problem), retry_after: None }
}

#[cfg(test)]
mod tests {
    use super::*;

    // CLI-3, CMD-6
    #[test]
    fn a_stored_refusal_is_the_problem_it_would_have_been_in_time() {
        let stored = Refusal { status: 409, code: "thread_closed".to_owned(), detail: "closed".to_owned() };
        let ClientError::Problem { problem, .. } = refused("cmd_1", "rejected", Some(stored)) else {
            panic!("no problem")
        };
        assert_eq!((problem.status, problem.code.as_str()), (409, "thread_closed"));
        assert_eq!(refused("cmd_1", "dead", None).to_string(), "the command cmd_1 is dead");
    }
}
