//! What a person of the play does: reads what waits, thinks, answers. Questions that are not of the play are left to
//! whoever watches it.

use serde::Deserialize;
use serde_json::json;
use shared::client::ClientError;

use super::Stage;
use super::questions::{QUESTIONS, Question};

/// What waits for an answer.
#[derive(Deserialize)]
struct Waiting {
    items: Vec<Thread>,
}

#[derive(Deserialize)]
struct Thread {
    #[serde(rename = "thread_id")]
    id: String,
    title: String,
    ticket: String,
}

/// Answers until the play ends.
pub(super) async fn play(stage: Stage) {
    loop {
        stage.pause(4, 10).await;
        match next(&stage).await {
            Ok(Some((thread, question))) => {
                stage.pause(6, 20).await;
                if let Err(error) = answer(&stage, &thread, question).await {
                    stage.complain(question.ticket, &error).await;
                }
            }
            Ok(None) => {}
            Err(error) => stage.complain("-", &error).await,
        }
    }
}

/// One of the questions of the play that wait, the most urgent ones most often.
async fn next(stage: &Stage) -> Result<Option<(Thread, &'static Question)>, ClientError> {
    let query = [("state", "new".to_owned()), ("limit", "20".to_owned())];
    let waiting: Waiting = stage.client.get(&["forum", "threads"], &query).await?.read()?;
    let script = |thread: Thread| {
        let question = QUESTIONS.iter().find(|it| it.title == thread.title && it.ticket == thread.ticket)?;
        Some((thread, question))
    };
    let mut known = waiting.items.into_iter().filter_map(script);
    // The other one may be reading the first already.
    let first = known.next();
    if stage.pace.fraction() < 0.3 { Ok(known.next().or(first)) } else { Ok(first) }
}

async fn answer(stage: &Stage, thread: &Thread, question: &Question) -> Result<(), ClientError> {
    let path = ["forum", "threads", &thread.id, "answer"];
    let body = json!({ "body": question.answer, "option": question.options[question.choice] });
    match stage.command(&path, &body).await {
        Ok(_) => {
            stage.tell("answers", &thread.ticket, Some(&thread.id), question.answer).await;
            Ok(())
        }
        // The other one was faster.
        Err(ClientError::Problem { problem, .. }) if problem.status == 409 => Ok(()),
        Err(error) => Err(error),
    }
}
