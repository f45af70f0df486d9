//! Failed checks: the agent is told of each once, and after so many commits in a row a person instead. The streak is read
//! off the checks, so it can neither be lost nor be wrong.

use std::collections::BTreeMap;

use super::{Notice, Nudge, Plan, PrSituation, ReactionLimits, Situation, keys, text};
use crate::domain::pull_request::Check;
use crate::value::{CheckStatus, NotificationKind, PrCi};

impl PrSituation {
    /// For each check by name: its runs, the newest commit first.
    fn runs(&self) -> BTreeMap<&str, Vec<&Check>> {
        let mut runs: BTreeMap<&str, Vec<&Check>> = BTreeMap::new();
        for check in self.checks.iter().rev() {
            runs.entry(&check.name).or_default().push(check);
        }
        runs
    }

    /// Whether a run is about the newest commit.
    fn is_current(&self, check: &Check, newest: &Check) -> bool {
        self.facts.head_sha.as_ref().map_or(check == newest, |head| *head == check.commit)
    }
}

/// How many commits in a row failed, up to the newest one that has a result.
fn streak(runs: &[&Check]) -> usize {
    let results = runs.iter().filter(|run| matches!(run.status, CheckStatus::Failed | CheckStatus::Passed));
    results.take_while(|run| run.status == CheckStatus::Failed).count()
}

impl Situation {
    pub(super) fn plan_checks(
        &self,
        pr: &PrSituation,
        limits: ReactionLimits,
        plan: &mut Plan,
        holds: &mut Vec<Notice>,
    ) {
        let mut failed = Vec::new();
        let mut covers = Vec::new();
        for (name, runs) in pr.runs() {
            let Some(newest) = runs.first() else { continue };
            let streak = streak(&runs);
            if streak >= limits.brake {
                let subject = format!("{} {name}", pr.facts.url);
                let (title, body) = text::ci_brake(&pr.facts, name, streak);
                let url = newest.url.clone().or_else(|| Some(pr.facts.url.clone()));
                holds.push(Notice { kind: NotificationKind::CiBrake, subject, title, body, url });
                continue;
            }
            let current = runs.iter().find(|run| pr.is_current(run, newest));
            let Some(run) = current.filter(|run| run.status == CheckStatus::Failed) else { continue };
            let cover = format!("{} {name}@{}", pr.facts.url, run.commit);
            if self.told(keys::CI_FAILED, &cover).is_none() {
                failed.push(*run);
                covers.push(cover);
            }
        }
        // Whoever watches the checks knows which of them count; a failure of which no check is known is told all the same.
        let (ci, unexplained) = (pr.facts.ci.0, !pr.checks.iter().any(|check| check.status == CheckStatus::Failed));
        if ci == PrCi::Failing && unexplained {
            let commit = pr.facts.head_sha.as_deref().unwrap_or_default();
            let cover = format!("{} @{commit}", pr.facts.url);
            if self.told(keys::CI_FAILED, &cover).is_none() {
                covers.push(cover);
            }
        }
        if !covers.is_empty() && ci != PrCi::Passing {
            plan.nudges.push(Nudge {
                key: keys::CI_FAILED,
                subject: pr.facts.url.clone(),
                covers,
                body: text::ci_nudge(&pr.facts, &failed),
                escalate_at: None,
            });
        }
    }
}
