//! What an agent of the play does in each run that it is given: it joins with a session, asks the forum, requests
//! guidance and goes on with what it gets, opens a pull request, says that it is done, does again what was found wanting,
//! and leaves.

use std::time::Duration;

use serde_json::json;
use shared::client::ClientError;
use shared::clock::Clock;
use shared::value::Activity;
use tokio::sync::watch;

use super::documents::{Detail, Snapshot, Started};
use super::pulls;
use super::questions::{self, Question};
use super::runs::{Part, Proof, Reply, Request, Run};
use super::sessions::{Session, permission_of};
use super::stage::{About, Stage};

/// By when an answer is wanted that will come in time, however slow the machine on which a fast play runs.
const CALM: Duration = Duration::from_secs(30 * 60);
/// By when one is wanted that will not, in seconds of human time.
const HASTE: u32 = 45;
/// What asks for attention to a thread.
const ESCALATED: &str = "forum.sla.escalation_requested";

/// Works in the runs that are `assigned`, one after the other.
pub(super) async fn play(
    stage: Stage,
    run: &'static Run,
    part: &'static Part,
    mut assigned: watch::Receiver<Option<String>>,
) {
    while assigned.changed().await.is_ok() {
        let given = assigned.borrow_and_update().clone();
        if let Some(run_id) = given {
            Job { stage: &stage, run, part, run_id: &run_id, session: None }.work().await;
        }
    }
}

/// An agent's part in one run.
struct Job<'a> {
    stage: &'a Stage,
    run: &'static Run,
    part: &'static Part,
    run_id: &'a str,
    /// None before it has joined.
    session: Option<Session<'a>>,
}

/// The parts of its work, in their order.
#[derive(Clone, Copy)]
enum Step {
    Join,
    Ask,
    Request,
    Publish,
    Complete,
    Leave,
}

impl Job<'_> {
    async fn work(mut self) {
        self.stage.pause(0, 12).await;
        for step in [Step::Join, Step::Ask, Step::Request, Step::Publish, Step::Complete, Step::Leave] {
            while let Err(error) = self.take(step).await {
                self.stage.complain(self.about(None), &error).await;
                // What a rule refuses now it refuses again, as when somebody who watches closed the thread.
                if is_refusal(&error) {
                    break;
                }
            }
        }
    }

    async fn take(&mut self, step: Step) -> Result<(), ClientError> {
        match step {
            Step::Join => self.join().await,
            Step::Ask => match self.part.asks.and_then(questions::of_ticket) {
                Some(question) => self.ask(question).await,
                None => Ok(()),
            },
            Step::Request => match &self.part.request {
                Some(request) => self.request(request).await,
                None => Ok(()),
            },
            Step::Publish => self.publish().await,
            Step::Complete => self.complete().await,
            Step::Leave => self.leave().await,
        }
    }

    fn about<'a>(&'a self, thread: Option<&'a str>) -> About<'a> {
        About { ticket: self.run.tickets[0], run: Some(self.run_id), thread }
    }

    async fn join(&mut self) -> Result<(), ClientError> {
        self.session = Session::start(self.stage, self.run, self.part, self.run_id).await?;
        if let Some(session) = &self.session {
            session.report(Activity::Active).await;
            self.stage.tell("joins", session.about(), format!("as {}", session.id())).await;
        }
        Ok(())
    }

    async fn report(&self, activity: Activity) {
        if let Some(session) = &self.session {
            session.report(activity).await;
        }
    }

    /// One question of the forum from its opening to its close.
    async fn ask(&self, question: &Question) -> Result<(), ClientError> {
        let stage = self.stage;
        let opening = question.opening(self.run_id, self.part.name, Clock::System.now().plus(CALM));
        let Some(thread) = stage.command(&["forum", "threads"], &opening).await? else { return Ok(()) };
        let about = About { ticket: question.ticket, run: Some(self.run_id), thread: Some(&thread) };
        stage.tell("asks", about, question.title).await;
        stage.pause(3, 9).await;
        stage.command(&["forum", "threads", &thread, "posts"], &json!({ "body": question.detail })).await?;
        stage.tell("adds", about, question.detail).await;
        loop {
            stage.look_again(2, 4).await;
            match self.detail(&thread).await?.thread.state.as_str() {
                "answered" => break,
                // It has all it will get.
                "closed" => return Ok(()),
                _ => {}
            }
        }
        stage.pause(2, 6).await;
        stage.command(&["forum", "threads", &thread, "posts"], &json!({ "body": question.thanks })).await?;
        stage.tell("thanks", about, question.thanks).await;
        stage.pause(3, 8).await;
        stage.command(&["forum", "threads", &thread, "close"], &json!({ "reason": question.outcome })).await?;
        stage.tell("closes", about, question.outcome).await;
        Ok(())
    }

    /// Requests guidance and goes on with whatever it comes to.
    async fn request(&self, request: &Request) -> Result<(), ClientError> {
        let stage = self.stage;
        stage.pause(4, 12).await;
        let deadline = match request.reply {
            Reply::InTime(_) => Clock::System.now().plus(CALM),
            Reply::Late(_) | Reply::Nobody => stage.deadline_in(HASTE),
        };
        let sent = stage.signal(self.run_id, self.part.name, request.payload(deadline)).await?;
        let Some(thread) = sent else { return Ok(()) };
        stage.tell("requests", self.about(Some(&thread)), request.question).await;
        self.report(Activity::WaitingInput).await;
        self.answered(request, &thread).await?;
        self.report(Activity::Active).await;
        Ok(())
    }

    async fn answered(&self, request: &Request, thread: &str) -> Result<(), ClientError> {
        let (stage, about) = (self.stage, self.about(Some(thread)));
        let mut overdue = false;
        loop {
            stage.look_again(2, 4).await;
            let Detail { thread: seen, events, .. } = self.detail(thread).await?;
            // Of a command that took long the view may still lag behind.
            if !request.is_about(&seen.options) {
                continue;
            }
            // Told from the log: a late answer may be there before the next look.
            if !overdue && events.iter().any(|event| event.kind == ESCALATED) {
                overdue = true;
                let (does, text) = request.overdue();
                stage.tell(does, about, text).await;
            }
            let (answer, by) = seen.answer.map(|given| (given.answer, given.answered_by)).unwrap_or_default();
            match (seen.guidance_status.as_deref(), seen.state.as_str()) {
                (Some("answered"), _) => {
                    stage.tell("resumes", about, format!("with the answer of {by}: {answer}")).await;
                    return Ok(());
                }
                (Some("auto_answered"), _) => {
                    stage.tell("defaults", about, format!("nobody answered in time: {answer}")).await;
                    return Ok(());
                }
                (_, "closed") => return Ok(()),
                _ => {}
            }
        }
    }

    /// Opens its pull request and goes on with it as checks and reviewers say.
    async fn publish(&self) -> Result<(), ClientError> {
        match (&self.session, pulls::of_agent(self.part.name)) {
            (Some(session), Some(pull)) => session.watch(pull, pull.scenes).await,
            _ => Ok(()),
        }
    }

    /// Does the work, and once more what was found wanting.
    async fn complete(&self) -> Result<(), ClientError> {
        self.stage.pause(15, 40).await;
        if let (Some(session), Some(permission)) = (&self.session, permission_of(self.part.name)) {
            session.report(Activity::Blocked).await;
            self.stage.tell("waits", session.about(), format!("for a permission in its terminal: {permission}")).await;
            self.stage.pause(8, 20).await;
            session.report(Activity::Active).await;
        }
        self.prove(&self.part.proof).await?;
        let Some(flaw) = &self.part.flaw else { return Ok(()) };
        if self.verdict().await?.as_deref() == Some("failed") {
            self.report(Activity::Active).await;
            self.stage.pause(15, 40).await;
            self.prove(&flaw.repaired).await?;
        }
        Ok(())
    }

    async fn prove(&self, proof: &Proof) -> Result<(), ClientError> {
        let thread = self.stage.signal(self.run_id, self.part.name, proof.payload()).await?;
        self.stage.tell("completes", self.about(thread.as_deref()), proof.summary).await;
        // Not before: an agent that idles and has not said that it is done is reminded of that.
        self.report(Activity::Idle).await;
        Ok(())
    }

    /// Stays until the run is over. What was opened is merged, by somebody who is not of the play.
    async fn leave(&self) -> Result<(), ClientError> {
        let Some(session) = &self.session else { return Ok(()) };
        let pull = pulls::of_agent(self.part.name);
        if let Some(pull) = pull.filter(|pull| pull.ends_session) {
            self.verdict().await?;
            session.watch(pull, pull.ending).await?;
        }
        loop {
            self.stage.look_again(4, 8).await;
            let run: Started = self.stage.read(&["runs", self.run_id], &[]).await?;
            if run.is_over() {
                break;
            }
        }
        session.end().await?;
        self.stage.tell("leaves", session.about(), format!("{} is over", session.id())).await;
        match pull.filter(|pull| !pull.ends_session) {
            Some(pull) => session.watch(pull, pull.ending).await,
            None => Ok(()),
        }
    }

    /// How the work was judged; none when the run was over before it was.
    async fn verdict(&self) -> Result<Option<String>, ClientError> {
        loop {
            self.stage.look_again(2, 4).await;
            let snapshot: Snapshot = self.stage.read(&["runs", self.run_id, "snapshot"], &[]).await?;
            let verdict = snapshot.member(self.part.name).and_then(|member| member.validation.clone());
            if verdict.is_some() || snapshot.is_over() {
                return Ok(verdict);
            }
        }
    }

    async fn detail(&self, thread: &str) -> Result<Detail, ClientError> {
        self.stage.read(&["forum", "threads", thread], &[]).await
    }
}

fn is_refusal(error: &ClientError) -> bool {
    matches!(error, ClientError::Problem { problem, .. } if (400..500).contains(&problem.status))
}
