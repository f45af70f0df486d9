//! What one more observation changes of what is stored. What is older than what is stored is left aside, part by part.

use std::collections::BTreeMap;

use super::{Check, Comment, Observation, PullRequest, Stored};
use crate::clock::Time;
use crate::message::command::{ObservePullRequest, ObservedCheck, ObservedComment};
use crate::value::{CheckStatus, Mergeability, PrCi, PrReview, PrState};

/// Sets a fact, and since when it holds if it changed.
fn set<T: PartialEq>(fact: &mut (T, Time), to: T, now: Time) {
    if fact.0 != to {
        *fact = (to, now);
    }
}

impl Stored {
    /// What `seen` changes.
    #[must_use]
    pub fn observe(&self, seen: &ObservePullRequest, now: Time) -> Observation {
        let at = seen.observed_at.unwrap_or(now);
        let facts_are_older = self.facts.as_ref().is_some_and(|facts| at < facts.observed_at);
        let mut observation = Observation { outdated: facts_are_older, ..Observation::default() };
        for check in &seen.checks {
            let before =
                self.checks.iter().find(|stored| (&stored.name, &stored.commit) == (&check.name, &check.commit));
            match before {
                Some(stored) if at < stored.observed_at => observation.outdated = true,
                Some(stored) if stored.shows(check) => {}
                before => observation.checks.push(Check::of(check, before, at)),
            }
        }
        self.observe_comments(seen, at, &mut observation);
        self.settle_comments(seen, at, &mut observation);
        let mut facts = self.facts.clone().unwrap_or_else(|| PullRequest::begin(seen, now));
        if !facts_are_older {
            facts.learn(seen, now);
        }
        let all = seen.partial || facts_are_older;
        let together = self.ci(&facts, seen, &observation.checks, all);
        let ci = match seen.ci.filter(|_| !facts_are_older) {
            // Who saw a part of the checks pass has not seen the others.
            Some(PrCi::Passing) if seen.partial => {
                let open = together.filter(|ci| matches!(ci, PrCi::Failing | PrCi::Pending));
                Some(open.unwrap_or(PrCi::Passing))
            }
            ci => ci.or(together.filter(|_| self.is_about_checks(&facts, seen))),
        };
        if let Some(ci) = ci {
            set(&mut facts.ci, ci, now);
        }
        let is_later = !facts_are_older && seen.says_facts() && seen.observed_at.is_some() && at > facts.observed_at;
        if self.facts.as_ref() != Some(&facts) || is_later {
            facts.observed_at = if facts_are_older || !seen.says_facts() { facts.observed_at } else { at };
            facts.updated_at = now;
            observation.facts = Some(facts);
        }
        observation
    }

    fn observe_comments(&self, seen: &ObservePullRequest, at: Time, observation: &mut Observation) {
        // All comments as they were before what is stored was seen: which are gone since, nobody knows.
        let Some(comments) = seen.comments.as_ref().filter(|_| seen.partial || !observation.outdated) else { return };
        let stored: BTreeMap<&str, &Comment> =
            self.comments.iter().map(|comment| (comment.of.id.as_str(), comment)).collect();
        for of in comments {
            match stored.get(of.id.as_str()) {
                Some(before) if at < before.observed_at => observation.outdated = true,
                Some(before) if before.of == *of => {}
                _ => observation.comments.push(Comment { of: of.clone(), observed_at: at }),
            }
        }
        if seen.partial {
            return;
        }
        let kept = |comment: &&Comment| comments.iter().any(|of| of.id == comment.of.id);
        let gone = self.comments.iter().filter(|comment| !kept(comment) && at >= comment.observed_at);
        observation.gone = gone.map(|comment| comment.of.id.clone()).collect();
    }

    /// What is said beside the code cannot be resolved where it is said. Its author's approval settles it, and so does a new
    /// commit.
    fn settle_comments(&self, seen: &ObservePullRequest, at: Time, observation: &mut Observation) {
        let moved = |facts: &PullRequest| seen.head_sha.is_some() && seen.head_sha != facts.head_sha;
        let pushed = self.facts.as_ref().is_some_and(moved);
        let approved = seen.reviewer.as_ref().filter(|_| seen.review == Some(PrReview::Approved));
        for comment in self.comments.iter().filter(|_| seen.partial) {
            let beside = comment.of.path.is_none() && !comment.of.resolved && at >= comment.observed_at;
            let named = observation.comments.iter().any(|new| new.of.id == comment.of.id);
            if beside && !named && (pushed || approved == Some(&comment.of.author)) {
                let of = ObservedComment { resolved: true, ..comment.of.clone() };
                observation.comments.push(Comment { of, observed_at: at });
            }
        }
    }

    /// What the checks of the newest commit come to: all that are known, or those that the observation names.
    fn ci(&self, facts: &PullRequest, seen: &ObservePullRequest, changed: &[Check], all: bool) -> Option<PrCi> {
        let head = facts.head_sha.as_ref().or_else(|| seen.checks.last().map(|check| &check.commit))?;
        let mut statuses: BTreeMap<&str, CheckStatus> = BTreeMap::new();
        for check in self.checks.iter().chain(changed).filter(|check| check.commit == *head) {
            statuses.insert(&check.name, check.status);
        }
        if !all {
            statuses.retain(|name, _| seen.checks.iter().any(|check| check.name == *name && check.commit == *head));
        }
        Some(rollup(statuses.into_values()))
    }

    /// Whether an observation says something of the newest commit's checks: names some, or is the first of that commit.
    fn is_about_checks(&self, facts: &PullRequest, seen: &ObservePullRequest) -> bool {
        let moved = self.facts.as_ref().is_some_and(|before| before.head_sha != facts.head_sha);
        moved || !seen.checks.is_empty()
    }
}

/// What checks come to: one failure fails, one that runs leaves it open.
fn rollup(statuses: impl Iterator<Item = CheckStatus>) -> PrCi {
    let mut ci = PrCi::Unknown;
    for status in statuses {
        ci = match (ci, status) {
            (_, CheckStatus::Failed) | (PrCi::Failing, _) => PrCi::Failing,
            (_, CheckStatus::Queued | CheckStatus::InProgress) | (PrCi::Pending, _) => PrCi::Pending,
            (_, CheckStatus::Passed) | (PrCi::Passing, _) => PrCi::Passing,
            (PrCi::Unknown, CheckStatus::Skipped | CheckStatus::Cancelled | CheckStatus::Unknown) => PrCi::Unknown,
        };
    }
    ci
}

impl Check {
    fn shows(&self, seen: &ObservedCheck) -> bool {
        self.status == seen.status
            && (seen.url.is_none() || self.url == seen.url)
            && (seen.log_tail.is_none() || self.log_tail == seen.log_tail)
    }

    fn of(seen: &ObservedCheck, before: Option<&Self>, at: Time) -> Self {
        let before = before.filter(|before| before.status == seen.status);
        Self {
            name: seen.name.clone(),
            commit: seen.commit.clone(),
            status: seen.status,
            url: seen.url.clone().or_else(|| before.and_then(|before| before.url.clone())),
            log_tail: seen.log_tail.clone().or_else(|| before.and_then(|before| before.log_tail.clone())),
            observed_at: at,
        }
    }
}

impl PullRequest {
    fn begin(seen: &ObservePullRequest, now: Time) -> Self {
        Self {
            url: seen.url.clone(),
            session_id: seen.session_id.clone(),
            title: None,
            branch: None,
            base_branch: None,
            head_sha: None,
            author: None,
            additions: None,
            deletions: None,
            state: (PrState::default(), now),
            review: (PrReview::default(), now),
            reviews: BTreeMap::new(),
            ci: (PrCi::default(), now),
            mergeability: (Mergeability::default(), now),
            blockers: Vec::new(),
            observed_at: Time(0),
            created_at: now,
            updated_at: now,
            version: 0,
        }
    }

    /// Takes what was seen. What is absent stays: a full observation leaves out what its observer cannot see.
    fn learn(&mut self, seen: &ObservePullRequest, now: Time) {
        self.session_id.clone_from(&seen.session_id);
        for (stored, given) in [
            (&mut self.title, &seen.title),
            (&mut self.branch, &seen.branch),
            (&mut self.base_branch, &seen.base_branch),
            (&mut self.head_sha, &seen.head_sha),
            (&mut self.author, &seen.author),
        ] {
            if given.is_some() {
                stored.clone_from(given);
            }
        }
        self.additions = seen.additions.or(self.additions);
        self.deletions = seen.deletions.or(self.deletions);
        if let Some(blockers) = &seen.blockers {
            self.blockers.clone_from(blockers);
        }
        if let Some(state) = seen.state {
            set(&mut self.state, state, now);
        }
        if let Some(mergeability) = seen.mergeability {
            set(&mut self.mergeability, mergeability, now);
        }
        match (seen.review, &seen.reviewer) {
            (Some(review), Some(reviewer)) => {
                self.reviews.insert(reviewer.clone(), review);
                let said = |review| self.reviews.values().any(|said| *said == review);
                let together = [PrReview::ChangesRequested, PrReview::Approved, PrReview::ReviewRequired];
                let review = together.into_iter().find(|review| said(*review)).unwrap_or_default();
                set(&mut self.review, review, now);
            }
            (Some(review), None) => set(&mut self.review, review, now),
            (None, _) => {}
        }
    }
}
