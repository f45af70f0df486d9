//! Reactions planned from where things stand, and carried out as the store does. What concerns all of them is here;
//! checks, reviews, clocks, people and words have a file each.

mod ci;
mod clocks;
mod people;
mod reviews;
mod words;

use super::*;
use crate::domain::pull_request::Stored;
use crate::message::command::{ObservePullRequest, StartSession};
use crate::value::{Activity, Actor, CheckStatus, Word};

const LIMITS: ReactionLimits =
    ReactionLimits { brake: 3, max_nudges: 3, escalate_after: Duration::from_secs(900), ignore_bots: false };

/// What befalls a session or its pull requests.
type Step = fn(&mut Situation);

/// So many minutes after the start.
fn at(minutes: i64) -> Time {
    Time(1_000_000 + minutes * 60_000)
}

fn url(number: u32) -> String {
    format!("https://h/a/b/pull/{number}")
}

/// An open pull request of which nothing else is known.
fn pull_request(number: u32) -> PrSituation {
    let seen = ObservePullRequest {
        url: url(number),
        session_id: "p-1".into(),
        fetched: true,
        title: Some("Add it".into()),
        base_branch: Some("main".into()),
        ..ObservePullRequest::default()
    };
    let facts = Stored::default().observe(&seen, at(0)).facts.unwrap_or_else(|| panic!("the first facts"));
    PrSituation { facts, checks: Vec::new(), unresolved: Vec::new() }
}

fn check(name: &str, commit: &str, status: CheckStatus) -> Check {
    Check {
        name: name.to_owned(),
        commit: commit.to_owned(),
        status,
        url: Some(format!("https://ci/{name}")),
        log_tail: Some(format!("{name} begins\n{name} went wrong")),
        observed_at: at(0),
    }
}

fn comment(id: &str, body: &str) -> ObservedComment {
    ObservedComment {
        id: id.to_owned(),
        author: "eve".to_owned(),
        is_bot: false,
        body: body.to_owned(),
        path: Some("src/a.rs".to_owned()),
        line: Some(7),
        resolved: false,
    }
}

/// A session at work on these.
fn working_on(prs: Vec<PrSituation>) -> Situation {
    let mut session = Session::begin("p-1".into(), &StartSession::default(), &Actor::system("test"), at(0));
    (session.state, session.is_alive) = (SessionState::Working, true);
    Situation { session, prs, completed: false, asks: false, told: Vec::new(), raised: Vec::new() }
}

/// A pull request about which its agent is told three things.
fn troubled(number: u32) -> PrSituation {
    let mut pr = pull_request(number);
    pr.facts.head_sha = Some("c1".into());
    pr.facts.ci = (PrCi::Failing, at(0));
    pr.facts.mergeability = (Mergeability::Conflicting, at(0));
    pr.checks = vec![check("build", "c1", CheckStatus::Failed)];
    pr.unresolved = vec![comment("1", "no")];
    pr
}

impl Situation {
    /// Does what is planned at `now`, as the store does, and hands the plan back.
    fn carry_out(&mut self, limits: ReactionLimits, now: Time) -> Plan {
        let plan = self.plan(limits, now);
        for (key, subject) in &plan.forget {
            self.told.retain(|told| (&told.key, &told.subject) != (key, subject));
        }
        self.raised.retain(|raised| !plan.resolve.contains(raised));
        self.raised.extend(plan.raise.iter().map(|notice| (notice.kind, notice.subject.clone())));
        for notice in &plan.inform {
            self.remember(keys::PR_MERGED, &notice.subject, None);
        }
        for nudge in &plan.nudges {
            self.remember(nudge.key, &nudge.subject, nudge.escalate_at);
            for cover in &nudge.covers {
                self.remember(nudge.key, cover, None);
            }
        }
        plan
    }

    fn remember(&mut self, key: &str, subject: &str, escalate_at: Option<Time>) {
        match self.told.iter_mut().find(|told| told.key == key && told.subject == subject) {
            Some(told) => told.attempts += 1,
            None => self.told.push(Told { key: key.to_owned(), subject: subject.to_owned(), attempts: 1, escalate_at }),
        }
    }

    /// What is planned at this minute and then carried out, in a few words.
    fn says(&mut self, minute: i64) -> String {
        let plan = self.carry_out(LIMITS, at(minute));
        in_words(&plan)
    }
}

fn in_words(plan: &Plan) -> String {
    let nudges = plan.nudges.iter().map(|nudge| format!("nudge {}", nudge.key));
    let raised = plan.raise.iter().map(|notice| format!("raise {}", notice.kind.as_str()));
    let informed = plan.inform.iter().map(|notice| format!("inform {}", notice.kind.as_str()));
    let resolved = plan.resolve.iter().map(|(kind, _)| format!("resolve {}", kind.as_str()));
    let forgotten = plan.forget.iter().map(|(key, _)| format!("forget {key}"));
    nudges.chain(raised).chain(informed).chain(resolved).chain(forgotten).collect::<Vec<_>>().join(", ")
}

// REACT-7, REACT-9
#[test]
fn several_problems_each_nudge_once() {
    let mut situation = working_on(vec![troubled(1), troubled(2)]);
    let plan = situation.carry_out(LIMITS, at(0));
    let nudges: Vec<_> = plan.nudges.iter().map(|nudge| (nudge.key, nudge.subject.clone())).collect();
    let of = |number| [keys::MERGE_CONFLICT, keys::CI_FAILED, keys::REVIEW].map(|key| (key, url(number)));
    assert_eq!(nudges, [of(1), of(2)].concat());
    assert!(plan.nudges.iter().all(|nudge| nudge.body.contains(&nudge.subject)), "each says which it is about");
    assert_eq!(situation.says(1), "");
    assert_eq!(situation.says(14), "");
}

// SESSION-24, REACT-8
#[test]
fn what_nobody_can_heed_is_held_and_sent_once_when_somebody_can() {
    let unworkable: [(&str, Step); 9] = [
        ("stuck", |situation| situation.session.state = SessionState::Stuck),
        ("blocked", |situation| situation.session.activity = Some(Activity::Blocked)),
        ("needs input", |situation| situation.session.state = SessionState::NeedsInput),
        ("detecting", |situation| situation.session.state = SessionState::Detecting),
        ("not started", |situation| situation.session.state = SessionState::NotStarted),
        ("not alive", |situation| situation.session.is_alive = false),
        ("idle and not alive", |situation| {
            (situation.session.state, situation.session.is_alive) = (SessionState::Idle, false);
        }),
        ("done", |situation| situation.session.state = SessionState::Done),
        ("lost", |situation| situation.session.terminate(TerminationReason::RuntimeLost, at(1))),
    ];
    for (name, befall) in unworkable {
        let mut situation = working_on(vec![troubled(1)]);
        let workable = situation.session.clone();
        befall(&mut situation);
        for minute in [1, 20, 40] {
            assert!(situation.carry_out(LIMITS, at(minute)).nudges.is_empty(), "{name}");
        }
        assert!(situation.told.is_empty(), "{name}: what is held is not said");
        situation.session = workable;
        let plan = situation.carry_out(LIMITS, at(50));
        assert_eq!(plan.nudges.len(), 3, "{name}");
        assert!(plan.nudges.iter().all(|nudge| nudge.escalate_at.is_none_or(|due| due == at(65))), "{name}");
        assert!(situation.carry_out(LIMITS, at(51)).is_empty(), "{name}");
    }
}

// REACT-8
#[test]
fn what_was_held_and_is_no_longer_true_is_never_sent() {
    let mut situation = working_on(vec![troubled(1)]);
    situation.session.state = SessionState::NeedsInput;
    assert_eq!(situation.says(0), "raise needs_input");
    situation.prs = vec![pull_request(1)];
    situation.session.state = SessionState::Working;
    assert_eq!(situation.says(1), "resolve needs_input");
    assert_eq!(situation.says(2), "");
}

// SESSION-18, REACT-10
#[test]
fn who_kills_a_session_hears_nothing_more_of_it() {
    let mut closed = pull_request(2);
    closed.facts.state = (PrState::Closed, at(0));
    let mut situation = working_on(vec![troubled(1), closed]);
    situation.says(0);
    situation.session.state = SessionState::Stuck;
    situation.says(15);
    let raised = situation.raised.clone();
    assert_eq!(raised.len(), 3, "{raised:?}");
    situation.session.terminate(TerminationReason::ManuallyKilled, at(16));
    let forget = vec![(keys::MERGE_CONFLICT.to_owned(), situation.prs[0].facts.url.clone())];
    assert_eq!(situation.carry_out(LIMITS, at(16)), Plan { resolve: raised, forget, ..Plan::default() });
    situation.prs[0].facts.state = (PrState::Merged, at(17));
    situation.prs[1].facts.review = (PrReview::Approved, at(17));
    assert!(situation.plan(LIMITS, at(900)).is_empty());
}

// SESSION-18
#[test]
fn a_session_that_is_killed_with_everything_wrong_says_nothing() {
    let mut situation = working_on(vec![troubled(1), troubled(2)]);
    situation.session.terminate(TerminationReason::ManuallyKilled, at(0));
    assert!(situation.plan(LIMITS, at(0)).is_empty());
}
