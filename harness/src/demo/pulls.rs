//! The pull requests of the play: what observers see of each, look by look.

mod script;

use serde_json::{Value, json};
use shared::id::fingerprint;
use shared::value::{CheckStatus, Mergeability, PrCi, PrReview, PrState};

use script::PULLS;

/// A pull request with everything that comes of it. Its agent makes one in each of its runs.
pub(super) struct Pull {
    pub(super) agent: &'static str,
    pub(super) title: &'static str,
    /// The check that counts.
    check: &'static str,
    remarks: &'static [Remark],
    /// What is seen of it while its agent works.
    pub(super) scenes: &'static [Scene],
    /// How it ends.
    pub(super) ending: &'static [Scene],
    /// Whether it ends while its agent is still there: a merge is then the end of the agent's session too.
    pub(super) ends_session: bool,
}

/// A reviewer's comment.
struct Remark {
    author: &'static str,
    body: &'static str,
    path: &'static str,
    line: u32,
}

/// One look at a pull request, and what its agent tells of it.
pub(super) struct Scene {
    pub(super) does: &'static str,
    pub(super) text: &'static str,
    /// How many commits were pushed so far; the newest is the one that is checked.
    commits: u32,
    check: CheckStatus,
    /// The end of the check's log.
    log: Option<&'static str>,
    review: PrReview,
    mergeability: Mergeability,
    state: PrState,
    /// Whether the remarks are there, and if so whether they are dealt with.
    remarks: Option<Dealt>,
    /// Whether its agent is nudged about what is seen.
    pub(super) nudged: bool,
}

/// Whether remarks are dealt with.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Dealt {
    Yes,
    Not,
}

/// Whose pull request it is, as far as it differs from run to run.
#[derive(Clone, Copy)]
pub(super) struct Whose<'a> {
    pub(super) repository: &'a str,
    pub(super) branch: &'a str,
    pub(super) run_id: &'a str,
    pub(super) session_id: &'a str,
}

/// The pull request that an agent makes, if it makes one.
pub(super) fn of_agent(agent: &str) -> Option<&'static Pull> {
    PULLS.iter().find(|pull| pull.agent == agent)
}

impl Pull {
    /// Its address: another one in each run, and never that of another agent.
    pub(super) fn url(&self, whose: Whose<'_>) -> String {
        let place = PULLS.iter().position(|pull| pull.agent == self.agent).unwrap_or_default();
        let number = whose.run_id.bytes().fold(7_u32, |sum, byte| sum.wrapping_mul(31).wrapping_add(byte.into()));
        let number = (number % 9000 + 1000) * 10 + u32::try_from(place).unwrap_or_default();
        format!("https://github.com/{}/pull/{number}", whose.repository)
    }

    /// The body of an observation.
    pub(super) fn observation(&self, whose: Whose<'_>, scene: &Scene) -> Value {
        let commit = self.commit(whose, scene.commits);
        let comments = scene.remarks.map(|dealt| self.comments(dealt)).unwrap_or_default();
        json!({
            "url": self.url(whose),
            "session_id": whose.session_id,
            "fetched": true,
            "title": self.title,
            "author": self.agent,
            "branch": whose.branch,
            "base_branch": "main",
            "head_sha": commit,
            "state": scene.state,
            "review": scene.review,
            "ci": scene.ci(),
            "mergeability": scene.mergeability,
            "checks": [{
                "name": self.check,
                "commit": commit,
                "status": scene.check,
                "log_tail": scene.log,
            }],
            "comments": comments,
        })
    }

    /// What stands for the hash of the commit with this number.
    fn commit(&self, whose: Whose<'_>, number: u32) -> String {
        let mut commit = fingerprint(&[whose.run_id.as_bytes(), self.agent.as_bytes(), &number.to_be_bytes()]);
        commit.truncate(40);
        commit
    }

    fn comments(&self, dealt: Dealt) -> Vec<Value> {
        let numbered = self.remarks.iter().enumerate();
        let comments = numbered.map(|(number, Remark { author, body, path, line })| {
            json!({
                "id": format!("r{number}"),
                "author": author,
                "body": body,
                "path": path,
                "line": line,
                "resolved": dealt == Dealt::Yes,
            })
        });
        comments.collect()
    }
}

impl Scene {
    /// What its one check comes to.
    fn ci(&self) -> PrCi {
        match self.check {
            CheckStatus::Failed => PrCi::Failing,
            CheckStatus::Passed => PrCi::Passing,
            CheckStatus::Queued | CheckStatus::InProgress => PrCi::Pending,
            CheckStatus::Unknown | CheckStatus::Skipped | CheckStatus::Cancelled => PrCi::Unknown,
        }
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shared::clock::Time;
    use shared::message::command::{Command, ObservePullRequest};

    use super::super::runs::RUNS;
    use super::*;

    fn whose(run_id: &str) -> Whose<'_> {
        Whose { repository: "acme/storefront", branch: "web-97-edge-tuner", run_id, session_id: "local-1" }
    }

    fn looks(pull: &'static Pull) -> impl Iterator<Item = &'static Scene> {
        pull.scenes.iter().chain(pull.ending)
    }

    /// What the API makes of an observation.
    fn taken(body: Value) -> ObservePullRequest {
        let seen: ObservePullRequest = serde_json::from_value(body).expect("a body that the API knows");
        seen.normalise(Time(0)).unwrap_or_else(|errors| panic!("{errors:?}"))
    }

    #[test]
    fn every_look_is_one_that_the_api_takes_and_each_pull_request_is_merged_in_the_end() {
        let mut urls = BTreeSet::new();
        for pull in &PULLS {
            for scene in looks(pull) {
                let seen = taken(pull.observation(whose("run_1"), scene));
                assert_eq!(seen.head_sha.as_ref().map(String::len), Some(40));
                assert_eq!(seen.checks[0].log_tail.is_some(), scene.check == CheckStatus::Failed, "{}", scene.text);
                assert!(!scene.text.is_empty() && scene.does.len() <= 9, "{}", pull.title);
                assert!(scene.remarks.is_none() || !pull.remarks.is_empty(), "{}", pull.title);
            }
            assert!(pull.ending.last().is_some_and(|scene| scene.state == PrState::Merged), "{}", pull.title);
            assert!(urls.insert(pull.url(whose("run_1"))) && urls.insert(pull.url(whose("run_2"))), "{}", pull.title);
        }
    }

    #[test]
    fn the_agents_of_pull_requests_are_in_runs_and_wait_for_no_guidance() {
        let parts: Vec<_> = RUNS.iter().flat_map(|run| &run.agents).collect();
        for pull in &PULLS {
            // A nudge would be taken for a deadline that has passed.
            assert!(parts.iter().any(|part| part.name == pull.agent && part.request.is_none()), "{}", pull.agent);
        }
    }

    /// How many of a pull request's commits are red in a row, at most.
    fn red(pull: &'static Pull) -> usize {
        let runs: Vec<_> = looks(pull).map(|scene| scene.check == CheckStatus::Failed).collect();
        runs.split(|red| !red).map(<[bool]>::len).max().unwrap_or_default()
    }

    #[test]
    fn one_goes_red_twice_one_calls_a_person_one_is_reviewed_and_one_ends_its_session() {
        let with = |wanted: fn(&'static Pull) -> bool| PULLS.iter().filter(|&pull| wanted(pull)).count();
        assert_eq!((with(|pull| red(pull) == 2), with(|pull| red(pull) == 3), with(|pull| red(pull) > 3)), (1, 1, 0));
        assert_eq!((with(|pull| !pull.remarks.is_empty()), with(|pull| pull.ends_session)), (1, 1));
        let dealt = |pull: &'static Pull| looks(pull).filter_map(|scene| scene.remarks).collect::<Vec<_>>();
        for pull in PULLS.iter().filter(|pull| !pull.remarks.is_empty()) {
            assert!(dealt(pull).starts_with(&[Dealt::Not, Dealt::Yes]), "{}", pull.title);
        }
        for pull in PULLS.iter().filter(|&pull| red(pull) > 0) {
            let told: Vec<_> = pull.scenes.iter().take(3).map(|scene| scene.nudged).collect();
            assert_eq!(told, [true, true, false], "{}: the third in a row is a person's", pull.title);
            let commits: Vec<_> = pull.scenes.iter().map(|scene| scene.commits).collect();
            assert_eq!(commits, [1, 2, 3], "{}", pull.title);
        }
    }
}
