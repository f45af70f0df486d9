//! What a session shows, and what decided.

use super::*;
use crate::value::{Mergeability, PrCi, PrReview, PrState, SessionStatus};

const SILENCE: StatusLimits = StatusLimits { no_signal: Duration::from_secs(90) };
const URL: &str = "https://h/a/b/pull/1";
const OTHER: &str = "https://h/a/b/pull/2";

/// An open pull request of which nothing else is known. Each of its facts has a time of its own.
fn pr(url: &str) -> PrFacts {
    PrFacts {
        url: url.to_owned(),
        branch: Some(format!("branch of {url}")),
        base_branch: Some("main".to_owned()),
        state: (PrState::Open, at(1)),
        review: (PrReview::None, at(2)),
        ci: (PrCi::Unknown, at(3)),
        mergeability: (Mergeability::Unknown, at(4)),
        unresolved: (0, at(5)),
    }
}

fn standing(state: PrState, url: &str) -> PrFacts {
    PrFacts { state: (state, at(1)), ..pr(url) }
}

fn decided(status: SessionStatus, fact: Deciding, value: &str, since: i64) -> Shown {
    Shown { status, reason: Reason { fact, value: value.to_owned(), url: Some(URL.to_owned()), since: at(since) } }
}

fn own(status: SessionStatus, fact: Deciding, value: &str, since: i64) -> Shown {
    let shown = decided(status, fact, value, since);
    Shown { reason: Reason { url: None, ..shown.reason }, ..shown }
}

/// The rungs, the worst first. On each lies all that decides further down.
fn ladder() -> Vec<(Shown, PrFacts)> {
    let open = pr(URL);
    let pending = PrFacts { review: (PrReview::ReviewRequired, at(2)), ..open.clone() };
    let approved = PrFacts { review: (PrReview::Approved, at(2)), ..open.clone() };
    let mergeable = PrFacts { mergeability: (Mergeability::Mergeable, at(4)), ..approved.clone() };
    let commented = PrFacts { unresolved: (2, at(5)), ..mergeable.clone() };
    let requested = PrFacts { review: (PrReview::ChangesRequested, at(2)), ..commented.clone() };
    let draft = PrFacts { state: (PrState::Draft, at(1)), ..requested.clone() };
    let failing = PrFacts { ci: (PrCi::Failing, at(3)), ..draft.clone() };
    vec![
        (decided(SessionStatus::CiFailed, Deciding::PrCi, "failing", 3), failing),
        (decided(SessionStatus::Draft, Deciding::PrState, "draft", 1), draft),
        (decided(SessionStatus::ChangesRequested, Deciding::PrReview, "changes_requested", 2), requested),
        (decided(SessionStatus::ChangesRequested, Deciding::PrComments, "2 unresolved", 5), commented),
        (decided(SessionStatus::Mergeable, Deciding::PrMergeability, "mergeable", 4), mergeable),
        (decided(SessionStatus::Approved, Deciding::PrReview, "approved", 2), approved),
        (decided(SessionStatus::ReviewPending, Deciding::PrReview, "review_required", 2), pending),
        (decided(SessionStatus::PrOpen, Deciding::PrState, "open", 1), open),
    ]
}

// SESSION-8, SESSION-23
#[test]
fn an_end_shows_before_anything_else() {
    for (reason, status) in [
        (TerminationReason::ManuallyKilled, SessionStatus::Killed),
        (TerminationReason::RuntimeLost, SessionStatus::Killed),
        (TerminationReason::AgentProcessExited, SessionStatus::Killed),
        (TerminationReason::AutoCleanup, SessionStatus::Cleanup),
        (TerminationReason::PrMerged, SessionStatus::Cleanup),
        (TerminationReason::ErrorInProcess, SessionStatus::Errored),
        (TerminationReason::ProbeFailure, SessionStatus::Errored),
    ] {
        let mut session = begun();
        session.place.harness = Some("codex".into());
        session.terminate(reason, at(7));
        let expected = own(status, Deciding::TerminationReason, reason.as_str(), 7);
        for prs in [vec![], vec![ladder().remove(0).1], vec![standing(PrState::Merged, URL)]] {
            assert_eq!(derive(&session, &prs, SILENCE, at(900)), expected);
        }
    }
    let mut done = after(Activity::Blocked);
    done.end(SessionEnd::Done, None, at(7));
    let expected = own(SessionStatus::Done, Deciding::State, "done", 7);
    assert_eq!(derive(&done, &[standing(PrState::Merged, URL)], SILENCE, at(900)), expected);
}

// SESSION-8, SESSION-11, SESSION-23
#[test]
fn what_needs_a_person_and_what_is_found_out_show_before_pull_requests() {
    for (session, status, since) in [
        (after(Activity::WaitingInput), SessionStatus::NeedsInput, 0),
        (after(Activity::Blocked), SessionStatus::Stuck, 0),
        (doubted(1), SessionStatus::Detecting, 0),
        (doubted(3), SessionStatus::Stuck, 2),
        (begun(), SessionStatus::Spawning, 0),
    ] {
        let expected = own(status, Deciding::State, session.state.as_str(), since);
        for prs in [vec![], vec![ladder().remove(0).1], vec![standing(PrState::Merged, URL)]] {
            assert_eq!(derive(&session, &prs, SILENCE, at(60)), expected);
        }
    }
}

// SESSION-9, SESSION-23
#[test]
fn the_first_rung_that_fits_shows_with_its_fact_its_time_and_its_address() {
    for (expected, facts) in ladder() {
        for activity in [Activity::Active, Activity::Idle] {
            assert_eq!(derive(&after(activity), std::slice::from_ref(&facts), SILENCE, at(900)), expected);
        }
    }
    for mergeability in [Mergeability::Conflicting, Mergeability::Blocked, Mergeability::Unstable] {
        let facts = PrFacts { mergeability: (mergeability, at(4)), ..pr(URL) };
        assert_eq!(derive(&after(Activity::Idle), &[facts], SILENCE, at(9)).status, SessionStatus::PrOpen);
    }
    for ci in [PrCi::Pending, PrCi::Passing] {
        let facts = PrFacts { ci: (ci, at(3)), ..pr(URL) };
        assert_eq!(derive(&after(Activity::Idle), &[facts], SILENCE, at(9)).status, SessionStatus::PrOpen);
    }
}

// SESSION-10
#[test]
fn of_several_pull_requests_the_worst_shows_wherever_it_stands() {
    let rungs = ladder();
    for (index, (expected, worse)) in rungs.iter().enumerate() {
        for (_, better) in rungs[index + 1..].iter().filter(|(better, _)| better.status != expected.status) {
            let better = PrFacts { url: OTHER.to_owned(), branch: None, ..better.clone() };
            for prs in [[worse.clone(), better.clone()], [better, worse.clone()]] {
                assert_eq!(derive(&after(Activity::Active), &prs, SILENCE, at(9)), *expected, "{prs:?}");
            }
        }
    }
}

// SESSION-10
#[test]
fn a_pull_request_on_the_branch_of_another_open_one_shows_only_what_its_agent_can_mend() {
    for (expected, facts) in ladder() {
        let stacked = PrFacts { base_branch: Some("below".into()), ..facts };
        for state in [PrState::Open, PrState::Draft, PrState::Merged, PrState::Closed] {
            let below = PrFacts { branch: Some("below".into()), ..standing(state, OTHER) };
            let shown = derive(&after(Activity::Active), &[stacked.clone(), below], SILENCE, at(9));
            let mendable = matches!(
                expected.status,
                SessionStatus::CiFailed | SessionStatus::Draft | SessionStatus::ChangesRequested
            );
            let seen = (shown.status, shown.reason.url.as_deref());
            match state {
                PrState::Open if !mendable => assert_eq!(seen, (SessionStatus::PrOpen, Some(OTHER))),
                PrState::Draft if expected.status == SessionStatus::CiFailed => assert_eq!(shown, expected),
                PrState::Draft => assert_eq!(shown.status, SessionStatus::Draft),
                _ => assert_eq!(shown, expected, "{state:?} below"),
            }
        }
    }
}

// SESSION-10
#[test]
fn a_branch_of_the_same_name_in_another_repository_is_nobodys_base() {
    let mergeable = PrFacts { mergeability: (Mergeability::Mergeable, at(4)), ..pr(URL) };
    let release =
        PrFacts { branch: Some("main".into()), base_branch: Some("live".into()), ..pr("https://h/a/c/pull/2") };
    let shown = derive(&after(Activity::Active), &[mergeable, release], SILENCE, at(9));
    assert_eq!(shown, decided(SessionStatus::Mergeable, Deciding::PrMergeability, "mergeable", 4));
}

// SESSION-8, SESSION-9
#[test]
fn merged_shows_when_none_is_open_and_what_was_closed_is_skipped() {
    let (merged, closed) = (standing(PrState::Merged, URL), standing(PrState::Closed, OTHER));
    let failing = PrFacts { ci: (PrCi::Failing, at(3)), ..closed.clone() };
    let is_merged = decided(SessionStatus::Merged, Deciding::PrState, "merged", 1);
    let works = own(SessionStatus::Working, Deciding::State, "working", 0);
    for (prs, expected) in [
        (vec![], works.clone()),
        (vec![closed.clone()], works.clone()),
        (vec![failing.clone()], works),
        (vec![merged.clone()], is_merged.clone()),
        (vec![failing, merged.clone()], is_merged),
        (vec![merged, closed, pr(URL)], decided(SessionStatus::PrOpen, Deciding::PrState, "open", 1)),
    ] {
        assert_eq!(derive(&after(Activity::Active), &prs, SILENCE, at(9)), expected, "{prs:?}");
    }
}

// SESSION-8, SESSION-11, SESSION-23
#[test]
fn silence_shows_only_of_an_agent_that_reports_by_hooks_and_never_did() {
    let silent = own(SessionStatus::NoSignal, Deciding::NoActivity, "no activity since the launch", 0);
    for (state, otherwise) in [
        (SessionState::NotStarted, SessionStatus::Spawning),
        (SessionState::Working, SessionStatus::Working),
        (SessionState::Idle, SessionStatus::Idle),
    ] {
        let of = |harness: Option<&str>| {
            let mut session = Session { state, ..begun() };
            session.place.harness = harness.map(str::to_owned);
            session
        };
        for harness in ["claude-code", "codex"] {
            let mut session = of(Some(harness));
            assert_eq!(derive(&session, &[], SILENCE, at(89)).status, otherwise, "{harness}");
            assert_eq!(derive(&session, &[], SILENCE, at(90)), silent, "{harness} {state:?}");
            session.activity_at = Some(at(80));
            assert_eq!(derive(&session, &[], SILENCE, at(900)).status, otherwise, "{harness} was heard of");
        }
        for harness in [None, Some("aider")] {
            assert_eq!(derive(&of(harness), &[], SILENCE, at(900)).status, otherwise, "{harness:?}");
        }
    }
}

// SESSION-8, SESSION-11
#[test]
fn pull_requests_and_all_that_needs_a_person_show_before_silence() {
    let of = |state| {
        let mut session = Session { state, ..begun() };
        session.place.harness = Some("codex".into());
        session
    };
    for (state, prs, status) in [
        (SessionState::Working, vec![pr(URL)], SessionStatus::PrOpen),
        (SessionState::Idle, vec![standing(PrState::Merged, URL)], SessionStatus::Merged),
        (SessionState::Working, vec![standing(PrState::Closed, URL)], SessionStatus::NoSignal),
        (SessionState::NotStarted, vec![pr(URL)], SessionStatus::NoSignal),
        (SessionState::NeedsInput, vec![], SessionStatus::NeedsInput),
        (SessionState::Stuck, vec![], SessionStatus::Stuck),
        (SessionState::Detecting, vec![], SessionStatus::Detecting),
        (SessionState::Done, vec![], SessionStatus::Done),
    ] {
        assert_eq!(derive(&of(state), &prs, SILENCE, at(900)).status, status, "{state:?}");
    }
    let mut again = of(SessionState::Done);
    again.restore(&StartSession::default(), at(900));
    assert_eq!(derive(&again, &[], SILENCE, at(989)).status, SessionStatus::Spawning, "silent since the new launch");
    assert_eq!(derive(&again, &[], SILENCE, at(990)).status, SessionStatus::NoSignal);
}
