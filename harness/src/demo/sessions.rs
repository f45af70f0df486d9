//! The session of an agent in a run: started when it joins, told what it does, nudged about its pull request, ended when
//! the run is over.

use serde_json::json;
use shared::client::ClientError;
use shared::value::Activity;

use super::documents::Inbox;
use super::pulls::{Pull, Scene, Whose};
use super::runs::{Part, Run};
use super::stage::{About, Stage};

/// Looks at the inbox for a nudge. One that does not come is not waited for any longer: something else keeps it away.
const LOOKS: usize = 20;
/// What an agent is asked for once in its run, and waits for in a terminal of its own.
const PERMISSIONS: [(&str, &str); 2] =
    [("log-cleaner", "may it delete 48211 lines?"), ("backfill-runner", "may it write to the production database?")];

/// A session that was started.
pub(super) struct Session<'a> {
    stage: &'a Stage,
    run: &'static Run,
    part: &'static Part,
    run_id: &'a str,
    id: String,
}

/// What an agent waits for a permission to do.
pub(super) fn permission_of(agent: &str) -> Option<&'static str> {
    PERMISSIONS.iter().find(|(name, _)| *name == agent).map(|(_, question)| *question)
}

impl<'a> Session<'a> {
    /// Starts the session of a part in a run; repeated it finds the same one. None when its start was not finished in
    /// time: then the part is played without one.
    pub(super) async fn start(
        stage: &'a Stage,
        run: &'static Run,
        part: &'static Part,
        run_id: &'a str,
    ) -> Result<Option<Self>, ClientError> {
        let body = json!({
            "run_id": run_id,
            "agent_name": part.name,
            "ticket": ticket(run, part),
            "harness": "claude-code",
            "repository": run.repository,
            "branch": branch(run, part),
            "external_session_id": format!("{run_id}/{}", part.name),
        });
        let started = stage.command(&["sessions"], &body).await?;
        Ok(started.map(|id| Self { stage, run, part, run_id, id }))
    }

    /// What it is called.
    pub(super) fn id(&self) -> &str {
        &self.id
    }

    pub(super) fn about(&self) -> About<'_> {
        About { ticket: ticket(self.run, self.part), run: Some(self.run_id), thread: None }
    }

    /// Says what its agent does now. A report that fails is told and keeps nothing from going on: the next one is due
    /// soon.
    pub(super) async fn report(&self, activity: Activity) {
        let reported = self.stage.command(&["sessions", &self.id, "activity"], &json!({ "activity": activity })).await;
        if let Err(error) = reported {
            self.stage.complain(self.about(), &error).await;
        }
    }

    /// Says what is seen of its pull request, look by look, and reads what its agent is told about each.
    pub(super) async fn watch(&self, pull: &Pull, scenes: &[Scene]) -> Result<(), ClientError> {
        let branch = branch(self.run, self.part);
        let whose =
            Whose { repository: self.run.repository, branch: &branch, run_id: self.run_id, session_id: &self.id };
        for scene in scenes {
            self.stage.pause(6, 18).await;
            self.stage.command(&["pull-requests", "observations"], &pull.observation(whose, scene)).await?;
            self.stage.tell(scene.does, self.about(), format!("{}: {}", pull.title, scene.text)).await;
            if scene.nudged {
                self.heed().await?;
            }
        }
        Ok(())
    }

    /// Waits for a nudge and reads it.
    async fn heed(&self) -> Result<(), ClientError> {
        for _ in 0..LOOKS {
            self.stage.look_again(2, 4).await;
            let Inbox { items, next_ack } = self.stage.read(&["sessions", &self.id, "inbox"], &[]).await?;
            if items.is_empty() {
                continue;
            }
            self.stage.post(&["sessions", &self.id, "inbox", "ack"], &json!({ "pos": next_ack })).await?;
            if let Some(nudge) = items.iter().find(|item| item.kind == "nudge") {
                self.stage.tell("heeds", self.about(), nudge.body.lines().next().unwrap_or_default()).await;
                return Ok(());
            }
        }
        Ok(())
    }

    /// Ends it; one that a merge has ended stays as it is.
    pub(super) async fn end(&self) -> Result<(), ClientError> {
        self.stage.command(&["sessions", &self.id, "end"], &json!({ "reason": "the run is over" })).await?;
        Ok(())
    }
}

/// What a part is about: its question's ticket, or the run's first.
fn ticket(run: &Run, part: &Part) -> &'static str {
    part.asks.unwrap_or(run.tickets[0])
}

/// Where its work is, such as `web-97-edge-tuner`.
fn branch(run: &Run, part: &Part) -> String {
    format!("{}-{}", ticket(run, part).to_lowercase(), part.name)
}

#[cfg(test)]
mod tests {
    use shared::clock::Time;
    use shared::message::command::{Command, EndSession, StartSession};

    use super::super::runs::RUNS;
    use super::*;

    #[test]
    fn every_part_has_a_branch_of_its_own_and_permissions_are_asked_by_agents_of_runs() {
        let parts: Vec<_> = RUNS.iter().flat_map(|run| run.agents.iter().map(move |part| (run, part))).collect();
        let branches: std::collections::BTreeSet<_> = parts.iter().map(|(run, part)| branch(run, part)).collect();
        assert!(branches.len() == parts.len() && branches.contains("web-97-edge-tuner"), "{branches:?}");
        for (agent, question) in PERMISSIONS {
            assert!(parts.iter().any(|(_, part)| part.name == agent), "{agent}");
            assert_eq!(permission_of(agent), Some(question));
        }
        assert_eq!(permission_of("edge-tuner"), None);
    }

    #[test]
    fn what_is_said_of_a_session_is_what_the_api_takes() {
        for run in &RUNS {
            let start = json!({ "run_id": "run_1", "agent_name": run.agents[0].name, "repository": run.repository,
                "branch": branch(run, &run.agents[0]), "external_session_id": "run_1/x" });
            let start: StartSession = serde_json::from_value(start).expect("a body that the API knows");
            let start = start.normalise(Time(0)).unwrap_or_else(|errors| panic!("{errors:?}"));
            assert!(start.repository.is_some_and(|repository| repository.starts_with("acme/")));
        }
        let end: EndSession = serde_json::from_value(json!({ "reason": "the run is over" })).expect("a known body");
        assert!(end.normalise(Time(0)).is_ok());
    }
}
