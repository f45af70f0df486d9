//! What an agent of the play does: it asks, tells more, waits for the answer, thanks and closes; then the next question.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use serde::Deserialize;
use serde_json::json;
use shared::client::ClientError;
use shared::clock::Clock;

use super::Stage;
use super::questions::{QUESTIONS, Question};

/// By when an answer is wanted.
const DEADLINE: Duration = Duration::from_secs(30 * 60);

/// A thread as far as its asker looks at it.
#[derive(Deserialize)]
struct Detail {
    thread: Thread,
}

#[derive(Deserialize)]
struct Thread {
    state: String,
}

/// Asks until the play ends, each time the next question that nobody has `asked` in this round.
pub(super) async fn play(stage: Stage, asked: Arc<AtomicUsize>) {
    stage.pause(0, 12).await;
    loop {
        let question = &QUESTIONS[asked.fetch_add(1, Ordering::Relaxed) % QUESTIONS.len()];
        if let Err(error) = ask(&stage, question).await {
            stage.complain(question.ticket, &error).await;
        }
        stage.pause(8, 25).await;
    }
}

/// One question from its opening to its close.
async fn ask(stage: &Stage, question: &Question) -> Result<(), ClientError> {
    let deadline = Clock::System.now().plus(DEADLINE);
    let opening = json!({
        "title": question.title,
        "ticket": question.ticket,
        "body": question.body,
        "options": question.options,
        "default": question.options[question.default],
        "deadline": deadline,
        "priority": question.priority,
        "agent_name": stage.actor,
    });
    let Some(thread) = stage.command(&["forum", "threads"], &opening).await? else { return Ok(()) };
    stage.tell("asks", question.ticket, Some(&thread), question.title).await;
    stage.pause(3, 9).await;
    stage.command(&["forum", "threads", &thread, "posts"], &json!({ "body": question.detail })).await?;
    stage.tell("adds", question.ticket, Some(&thread), question.detail).await;
    while !is_answered(stage, &thread).await? {
        stage.pause(2, 4).await;
    }
    stage.pause(2, 6).await;
    stage.command(&["forum", "threads", &thread, "posts"], &json!({ "body": question.thanks })).await?;
    stage.tell("thanks", question.ticket, Some(&thread), question.thanks).await;
    stage.pause(3, 8).await;
    stage.command(&["forum", "threads", &thread, "close"], &json!({ "reason": question.outcome })).await?;
    stage.tell("closes", question.ticket, Some(&thread), question.outcome).await;
    Ok(())
}

/// Whether there is an answer to go on with; a thread that somebody closed has all it will get.
async fn is_answered(stage: &Stage, thread: &str) -> Result<bool, ClientError> {
    let detail: Detail = stage.client.get(&["forum", "threads", thread], &[]).await?.read()?;
    Ok(matches!(detail.thread.state.as_str(), "answered" | "closed"))
}
