//! Review comments: the agent is told of each set of new ones, a few times; then a person.

use super::{Notice, Nudge, Plan, PrSituation, ReactionLimits, Situation, keys, text};
use crate::id::fingerprint;
use crate::message::command::ObservedComment;
use crate::value::{NotificationKind, PrReview};

/// What tells one comment from another, whoever stores it under which id.
fn name(url: &str, comment: &ObservedComment) -> String {
    let line = comment.line.map(|line| line.to_string()).unwrap_or_default();
    let path = comment.path.as_deref().unwrap_or_default();
    let parts = [comment.author.as_str(), path, line.as_str(), comment.body.as_str()].map(str::as_bytes);
    format!("{url} {}", fingerprint(&parts))
}

impl Situation {
    /// Comments that the agent was not told of, each with its name.
    fn news<'a>(&self, pr: &'a PrSituation, limits: ReactionLimits) -> Vec<(String, &'a ObservedComment)> {
        let named = pr.comments(limits).map(|comment| (name(&pr.facts.url, comment), comment));
        named.filter(|(name, _)| self.told(keys::REVIEW, name).is_none()).collect()
    }

    pub(super) fn plan_comments(
        &self,
        pr: &PrSituation,
        limits: ReactionLimits,
        plan: &mut Plan,
        holds: &mut Vec<Notice>,
    ) {
        let facts = &pr.facts;
        let wants_changes = facts.review.0 == PrReview::ChangesRequested;
        let is_commented = pr.comments(limits).next().is_some();
        if !facts.state.0.is_open() || !(is_commented || wants_changes) {
            self.forget(plan, keys::REVIEW, &facts.url);
            return;
        }
        let news = self.news(pr, limits);
        let mut covers: Vec<String> = news.iter().map(|(name, _)| name.clone()).collect();
        let verdict = format!("{} changes_requested@{}", facts.url, facts.review.1.0);
        let verdict_is_new = wants_changes && self.told(keys::REVIEW, &verdict).is_none();
        if verdict_is_new {
            covers.push(verdict);
        }
        let nudges = self.told.iter().filter(|told| told.key == keys::REVIEW && told.subject == facts.url);
        let told: u32 = nudges.map(|told| told.attempts).sum();
        if covers.is_empty() {
            return;
        }
        if told >= limits.max_nudges {
            holds.push(pr.notice(NotificationKind::ReviewLimit, text::review_limit(facts, told)));
            return;
        }
        let comments: Vec<_> = news.into_iter().map(|(_, comment)| comment).collect();
        plan.nudges.push(Nudge {
            key: keys::REVIEW,
            subject: facts.url.clone(),
            covers,
            body: text::review_nudge(facts, &comments),
            escalate_at: None,
        });
    }

    /// Whether there are comments that the agent was not told of (SPEC RUN-18).
    #[must_use]
    pub fn has_undelivered_comments(&self, limits: ReactionLimits) -> bool {
        self.prs.iter().any(|pr| pr.facts.state.0.is_open() && !self.news(pr, limits).is_empty())
    }
}
