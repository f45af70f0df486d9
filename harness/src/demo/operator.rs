//! What the operator does with each of the runs: starts it, tells its agents, checks what they completed, and begins
//! another round when it is over.

use std::collections::BTreeSet;

use serde_json::json;
use shared::client::ClientError;
use tokio::sync::watch;

use super::documents::{Begun, Detail, Page, Snapshot, Started, Thread};
use super::runs::{Part, Run, validation};
use super::stage::{About, Stage};

/// What is asked of a run that an earlier play left: whether anything in it seems to go on.
const BUSY: &str = "running,awaiting_guidance,stopping";

/// Round after round of one run.
pub(super) async fn play(stage: Stage, run: &'static Run, crew: watch::Sender<Option<String>>) {
    stage.pause(0, 10).await;
    loop {
        match start(&stage, run).await {
            Ok(Some(run_id)) => {
                let watched = Watched { stage: &stage, run, run_id: &run_id };
                stage.tell("starts", watched.about(None), run.title).await;
                // The crew plays as long as this does: somebody hears it.
                crew.send_replace(Some(run_id.clone()));
                watched.to_its_end().await;
            }
            // Not finished in time: whatever comes of it, the next start stops it.
            Ok(None) => {}
            Err(error) => stage.complain(About { ticket: run.tickets[0], run: None, thread: None }, &error).await,
        }
        stage.pause(30, 60).await;
    }
}

async fn start(stage: &Stage, run: &Run) -> Result<Option<String>, ClientError> {
    stop_leftovers(stage, run).await?;
    stage.command(&["runs"], &run.opening()).await
}

/// A play that was interrupted leaves runs, and sessions in them, in which nobody works any more.
async fn stop_leftovers(stage: &Stage, run: &Run) -> Result<(), ClientError> {
    let query = [("ticket", run.tickets[0].to_owned()), ("state", BUSY.to_owned())];
    let busy: Page<Started> = stage.read(&["runs"], &query).await?;
    for left in busy.items.iter().filter(|left| left.title == run.title) {
        for state in ["stopping", "stopped"] {
            let body = json!({ "state": state, "reason": "the play that it belonged to ended" });
            stage.command(&["runs", &left.id, "state"], &body).await?;
        }
        let sessions = [("run_id", left.id.clone()), ("limit", "200".to_owned())];
        let sessions: Page<Begun> = stage.read(&["sessions"], &sessions).await?;
        for session in &sessions.items {
            let body = json!({ "outcome": "cleanup", "reason": "the play that it belonged to ended" });
            stage.command(&["sessions", &session.id, "end"], &body).await?;
        }
        let about = About { ticket: run.tickets[0], run: Some(&left.id), thread: None };
        stage.tell("stops", about, "an earlier play left it behind").await;
    }
    Ok(())
}

/// A run under way.
struct Watched<'a> {
    stage: &'a Stage,
    run: &'static Run,
    run_id: &'a str,
}

impl Watched<'_> {
    fn about<'a>(&'a self, thread: Option<&'a str>) -> About<'a> {
        About { ticket: self.run.tickets[0], run: Some(self.run_id), thread }
    }

    /// Checks what is completed, until somebody has closed the run.
    async fn to_its_end(&self) {
        // Agents whose work was found wanting: once each.
        let mut wanting = BTreeSet::new();
        loop {
            match self.look(&mut wanting).await {
                Ok(true) => return,
                Ok(false) => {}
                Err(error) => self.stage.complain(self.about(None), &error).await,
            }
            self.stage.look_again(3, 6).await;
        }
    }

    /// Whether the run is over.
    async fn look(&self, wanting: &mut BTreeSet<&'static str>) -> Result<bool, ClientError> {
        let snapshot: Snapshot = self.stage.read(&["runs", self.run_id, "snapshot"], &[]).await?;
        if snapshot.is_over() {
            return Ok(true);
        }
        for part in &self.run.agents {
            let Some(member) = snapshot.member(part.name) else { continue };
            let is_judged = member.validation.as_deref() == Some("passed");
            if !member.completion || is_judged || (wanting.contains(part.name) && !self.is_reworked(part).await?) {
                continue;
            }
            self.check(part, wanting).await?;
        }
        Ok(false)
    }

    /// Whether the agent said again that it is done, after what it was told.
    async fn is_reworked(&self, part: &Part) -> Result<bool, ClientError> {
        let query =
            [("kind", "control".to_owned()), ("run_id", self.run_id.to_owned()), ("agent_name", part.name.to_owned())];
        let controls: Page<Thread> = self.stage.read(&["forum", "threads"], &query).await?;
        let Some(control) = controls.items.first() else { return Ok(false) };
        let detail: Detail = self.stage.read(&["forum", "threads", &control.id], &[]).await?;
        let mut newest_first = detail.posts.iter().rev().map(|post| post.kind.as_str());
        Ok(newest_first.find(|kind| matches!(*kind, "completion" | "validation")) == Some("completion"))
    }

    async fn check(&self, part: &Part, wanting: &mut BTreeSet<&'static str>) -> Result<(), ClientError> {
        self.stage.pause(4, 12).await;
        let flaw = part.flaw.as_ref().filter(|_| !wanting.contains(part.name));
        let (does, status, finding, evidence) = match flaw {
            Some(flaw) => ("fails", "failed", flaw.finding, std::slice::from_ref(&flaw.finding)),
            None => ("passes", "passed", self.run.done_criteria, part.proof.evidence),
        };
        let payload = validation(status, self.run.done_criteria, evidence);
        let thread = self.stage.signal(self.run_id, part.name, payload).await?;
        if flaw.is_some() {
            wanting.insert(part.name);
        }
        self.stage.tell(does, self.about(thread.as_deref()), format!("{}: {finding}", part.name)).await;
        Ok(())
    }
}
