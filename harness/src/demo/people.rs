//! What a person of the play does: ends what is completed, has a look where they are called, reads what waits, thinks,
//! answers. What is not of the play is left to whoever watches it.

use serde_json::json;
use shared::client::ClientError;

use super::NO_TICKET;
use super::documents::{Notice, Page, Started, Thread};
use super::questions::{QUESTIONS, Question};
use super::runs::{self, Reply, Request, Said};
use super::stage::{About, Stage};

/// Answers until the play ends.
pub(super) async fn play(stage: Stage) {
    loop {
        stage.look_again(4, 10).await;
        if let Err(error) = turn(&stage).await {
            stage.complain(About { ticket: NO_TICKET, run: None, thread: None }, &error).await;
        }
    }
}

/// One thing at a time, and first what holds up most.
async fn turn(stage: &Stage) -> Result<(), ClientError> {
    if let Some((id, run)) = completed(stage).await? {
        return end(stage, &id, run).await;
    }
    if let Some(notice) = unread(stage).await? {
        return notice_that(stage, &notice).await;
    }
    if let Some((thread, request, said)) = waiting_agent(stage).await? {
        // Whoever missed a deadline has something else to do first.
        let (least, most) = if matches!(request.reply, Reply::Late(_)) { (15, 35) } else { (6, 20) };
        stage.pause(least, most).await;
        return answer(stage, &thread, said.text, request.options[said.choice]).await;
    }
    if let Some((thread, question)) = question(stage).await? {
        stage.pause(6, 20).await;
        return answer(stage, &thread, question.answer, question.options[question.choice]).await;
    }
    Ok(())
}

/// A completed run that is theirs to end.
async fn completed(stage: &Stage) -> Result<Option<(String, &'static runs::Run)>, ClientError> {
    let completed: Page<Started> = stage.read(&["runs"], &[("state", "completed".to_owned())]).await?;
    let theirs = |started: Started| {
        let run = runs::RUNS.iter().find(|run| run.title == started.title && run.lead == stage.actor)?;
        Some((started.id, run))
    };
    Ok(completed.items.into_iter().find_map(theirs))
}

async fn end(stage: &Stage, run_id: &str, run: &runs::Run) -> Result<(), ClientError> {
    stage.pause(5, 15).await;
    stage.command(&["runs", run_id, "close"], &json!({})).await?;
    let about = About { ticket: run.tickets[0], run: Some(run_id), thread: None };
    stage.tell("ends", about, run.title).await;
    Ok(())
}

/// A check of their agents that keeps failing, which nobody has had a look at. Other notifications are left to whoever
/// watches.
async fn unread(stage: &Stage) -> Result<Option<Notice>, ClientError> {
    let query = [("kind", "ci_brake".to_owned()), ("read", "false".to_owned()), ("limit", "50".to_owned())];
    let page: Page<Notice> = stage.read(&["notifications"], &query).await?;
    let theirs = |notice: &Notice| {
        let works = |run: &runs::Run| run.agents.iter().any(|part| Some(part.name) == notice.agent.as_deref());
        runs::RUNS.iter().any(|run| run.lead == stage.actor && works(run))
    };
    Ok(page.items.into_iter().find(theirs))
}

async fn notice_that(stage: &Stage, notice: &Notice) -> Result<(), ClientError> {
    stage.pause(5, 15).await;
    stage.post(&["notifications", &notice.id, "read"], &json!({})).await?;
    let ticket = notice.ticket.as_deref().unwrap_or(NO_TICKET);
    let about = About { ticket, run: notice.run.as_deref(), thread: None };
    stage.tell("notices", about, notice.title.as_str()).await;
    Ok(())
}

/// An agent of their runs that waits for something they will say now.
async fn waiting_agent(stage: &Stage) -> Result<Option<(Thread, &'static Request, &'static Said)>, ClientError> {
    let query = [("kind", "control".to_owned()), ("state", "waiting_human".to_owned()), ("limit", "200".to_owned())];
    let waiting: Page<Thread> = stage.read(&["forum", "threads"], &query).await?;
    let theirs = |thread: Thread| {
        let (run, request) = runs::request_of(thread.agent.as_deref()?, &thread.options)?;
        let said = match &request.reply {
            Reply::InTime(said) => said,
            Reply::Late(said) if thread.is_pressed() => said,
            Reply::Late(_) | Reply::Nobody => return None,
        };
        (run.lead == stage.actor).then_some((thread, request, said))
    };
    Ok(waiting.items.into_iter().find_map(theirs))
}

/// One of the forum's questions of the play that wait, the most urgent ones most often.
async fn question(stage: &Stage) -> Result<Option<(Thread, &'static Question)>, ClientError> {
    let query = [("kind", "question".to_owned()), ("state", "new".to_owned()), ("limit", "50".to_owned())];
    let waiting: Page<Thread> = stage.read(&["forum", "threads"], &query).await?;
    let script = |thread: Thread| {
        let question = QUESTIONS.iter().find(|it| it.title == thread.title && it.ticket == thread.ticket)?;
        Some((thread, question))
    };
    let mut known = waiting.items.into_iter().filter_map(script);
    // The others may be reading the first already.
    let first = known.next();
    if stage.chance() < 0.3 { Ok(known.next().or(first)) } else { Ok(first) }
}

async fn answer(stage: &Stage, thread: &Thread, text: &'static str, option: &str) -> Result<(), ClientError> {
    let body = json!({ "body": text, "option": option });
    match stage.command(&["forum", "threads", &thread.id, "answer"], &body).await {
        Ok(_) => {
            let about = About { ticket: &thread.ticket, run: thread.run.as_deref(), thread: Some(&thread.id) };
            stage.tell("answers", about, text).await;
            Ok(())
        }
        // Another one was faster.
        Err(ClientError::Problem { problem, .. }) if problem.status == 409 => Ok(()),
        Err(error) => Err(error),
    }
}
