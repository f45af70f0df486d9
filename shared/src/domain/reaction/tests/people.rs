//! What people are told: once while it holds, and it is resolved when it is over.

use super::*;

fn pr(situation: &mut Situation) -> &mut PullRequest {
    &mut situation.prs[0].facts
}

// REACT-6, REACT-9, REACT-10
#[test]
fn a_person_is_told_once_each_time_and_it_is_resolved_when_it_is_over() {
    let (session, address) = ("p-1", url(1));
    let cases: [(NotificationKind, &str, Step, Step); 6] = [
        (
            NotificationKind::Approved,
            address.as_str(),
            |situation| pr(situation).review = (PrReview::Approved, at(1)),
            |situation| pr(situation).review = (PrReview::ReviewRequired, at(2)),
        ),
        (
            NotificationKind::ReadyToMerge,
            address.as_str(),
            |situation| {
                pr(situation).ci = (PrCi::Passing, at(1));
                pr(situation).mergeability = (Mergeability::Mergeable, at(1));
            },
            |situation| pr(situation).ci = (PrCi::Pending, at(2)),
        ),
        (
            NotificationKind::PrClosedUnmerged,
            address.as_str(),
            |situation| pr(situation).state = (PrState::Closed, at(1)),
            |situation| pr(situation).state = (PrState::Open, at(2)),
        ),
        (
            NotificationKind::Stuck,
            session,
            |situation| situation.session.state = SessionState::Stuck,
            |situation| situation.session.state = SessionState::Working,
        ),
        (
            NotificationKind::NeedsInput,
            session,
            |situation| situation.session.state = SessionState::NeedsInput,
            |situation| situation.session.state = SessionState::Working,
        ),
        (
            NotificationKind::AgentExited,
            session,
            |situation| situation.session.terminate(TerminationReason::AgentProcessExited, at(1)),
            |situation| situation.session.restore(&StartSession::default(), at(2)),
        ),
    ];
    for (kind, subject, begins, ends) in cases {
        let mut situation = working_on(vec![pull_request(1)]);
        for minute in [0, 100] {
            assert_eq!(situation.says(minute), "", "{kind:?}");
            begins(&mut situation);
            let plan = situation.carry_out(LIMITS, at(minute + 1));
            assert_eq!(in_words(&plan), format!("raise {}", kind.as_str()));
            assert_eq!(plan.raise[0].subject, subject);
            assert_eq!(plan.raise[0].url.is_some(), subject == address, "{kind:?}");
            assert_eq!(situation.says(minute + 20), "", "{kind:?}");
            ends(&mut situation);
            assert_eq!(situation.says(minute + 21), format!("resolve {}", kind.as_str()));
        }
    }
}

// REACT-6, SESSION-14
#[test]
fn an_agent_is_gone_when_nobody_ended_it_and_its_work_did_not_either() {
    for (reason, expected) in [
        (TerminationReason::RuntimeLost, "raise agent_exited"),
        (TerminationReason::AgentProcessExited, "raise agent_exited"),
        (TerminationReason::ProbeFailure, "raise agent_exited"),
        (TerminationReason::ErrorInProcess, "raise agent_exited"),
        (TerminationReason::ManuallyKilled, ""),
        (TerminationReason::AutoCleanup, ""),
        (TerminationReason::PrMerged, ""),
    ] {
        let mut situation = working_on(Vec::new());
        situation.session.terminate(reason, at(1));
        assert_eq!(situation.says(1), expected, "{reason:?}");
        assert_eq!(situation.says(2), "", "{reason:?}");
    }
}

// REACT-6
#[test]
fn one_that_got_stuck_after_it_asked_is_told_of_as_what_it_is_now() {
    let mut situation = working_on(Vec::new());
    for (state, expected) in [
        (SessionState::NeedsInput, "raise needs_input"),
        (SessionState::Stuck, "raise stuck, resolve needs_input"),
        (SessionState::Detecting, "resolve stuck"),
        (SessionState::Done, ""),
    ] {
        situation.session.state = state;
        assert_eq!(situation.says(0), expected, "{state:?}");
    }
}

// REACT-6
#[test]
fn a_merge_is_told_once_for_good() {
    let mut situation = working_on(vec![pull_request(1)]);
    pr(&mut situation).review = (PrReview::Approved, at(0));
    assert_eq!(situation.says(0), "raise approved");
    pr(&mut situation).state = (PrState::Merged, at(1));
    let plan = situation.carry_out(LIMITS, at(1));
    assert_eq!(in_words(&plan), "inform pr_merged, resolve approved");
    assert_eq!((plan.inform[0].subject.clone(), plan.inform[0].url.clone()), (url(1), Some(url(1))));
    assert_eq!(situation.says(2), "");
    situation.session.terminate(TerminationReason::PrMerged, at(3));
    assert_eq!(situation.says(3), "", "its end is no news");
    situation.prs.push(pull_request(2));
    situation.prs[1].facts.state = (PrState::Merged, at(4));
    assert_eq!(situation.says(4), "inform pr_merged", "another one is");
}

// REACT-6
#[test]
fn it_is_ready_when_nothing_is_against_it_and_somebody_or_something_is_for_it() {
    use Mergeability::{Blocked, Conflicting, Mergeable, Unstable};
    use PrReview::{Approved, ChangesRequested, ReviewRequired};
    for (mergeability, ci, review, ready) in [
        (Mergeable, PrCi::Passing, Approved, true),
        (Mergeable, PrCi::Unknown, Approved, true),
        (Mergeable, PrCi::Passing, PrReview::None, true),
        (Mergeable, PrCi::Unknown, PrReview::None, false),
        (Mergeable, PrCi::Pending, Approved, false),
        (Mergeable, PrCi::Failing, Approved, false),
        (Mergeable, PrCi::Passing, ReviewRequired, false),
        (Mergeable, PrCi::Passing, ChangesRequested, false),
        (Conflicting, PrCi::Passing, Approved, false),
        (Blocked, PrCi::Passing, Approved, false),
        (Unstable, PrCi::Passing, Approved, false),
        (Mergeability::Unknown, PrCi::Passing, Approved, false),
    ] {
        let mut situation = working_on(vec![pull_request(1)]);
        let facts = pr(&mut situation);
        (facts.mergeability, facts.ci, facts.review) = ((mergeability, at(0)), (ci, at(0)), (review, at(0)));
        let raises = |situation: &Situation, kind: NotificationKind| {
            let plan = situation.plan(LIMITS, at(0));
            plan.raise.iter().any(|notice| notice.kind == kind)
        };
        let case = format!("{mergeability:?} {ci:?} {review:?}");
        assert_eq!(raises(&situation, NotificationKind::ReadyToMerge), ready, "{case}");
        let approved = review == Approved && !ready;
        assert_eq!(raises(&situation, NotificationKind::Approved), approved, "{case}: not both");
        pr(&mut situation).state = (PrState::Draft, at(0));
        assert!(situation.plan(LIMITS, at(0)).raise.is_empty(), "{case}, in a draft");
        pr(&mut situation).state = (PrState::Open, at(0));
        situation.prs[0].unresolved = vec![comment("1", "wait")];
        assert!(!raises(&situation, NotificationKind::ReadyToMerge), "{case}, with a comment");
    }
}

// REACT-10
#[test]
fn what_others_raise_is_not_for_this_plan_to_resolve() {
    for (word, kind) in NotificationKind::ALL {
        let of_others = ["mass_death", "thread_escalated", "agent_blocked"].contains(word);
        assert_eq!(is_planned(*kind), !of_others, "{word}");
    }
}
