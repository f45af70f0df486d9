//! What probes of a session's runtime come to.

use super::*;

use ProbeResult::{Alive, Dead, Failed, Unknown};

/// What is remembered of doubts: how many reports in a row, and since when.
fn memory(session: &Session) -> Option<(u32, Time)> {
    session.detecting.as_ref().map(|detecting| (detecting.attempts, detecting.since))
}

/// The session after a probe that saw `evidence` and could not tell.
fn seeing(mut session: Session, evidence: &str, now: Time) -> Session {
    let report = ReportRuntime { evidence: Some(evidence.to_owned()), ..found(Alive, Dead) };
    assert!(session.probed(&report, LIMITS, now));
    session
}

// SESSION-6, SESSION-14
#[test]
fn only_a_dead_runtime_a_dead_process_and_a_minute_of_silence_together_end_a_session() {
    for (name, before) in live() {
        for (runtime, process) in pairs() {
            for second in [30, 59, 60, 250] {
                let (mut session, case) = (before.clone(), format!("{name} {runtime:?} {process:?} {second}"));
                assert!(session.probed(&found(runtime, process), LIMITS, at(second)), "{case}");
                let dead = (runtime, process) == (Dead, Dead) && second >= 60;
                let reason = if name == "exited" {
                    TerminationReason::AgentProcessExited
                } else {
                    TerminationReason::RuntimeLost
                };
                assert_eq!(session.state.is_over(), dead, "{case}");
                assert_eq!(session.termination_reason, dead.then_some(reason), "{case}");
                assert_eq!(session.is_alive, !dead, "{case}");
                assert_eq!(session.detecting.is_some(), session.state == SessionState::Detecting, "{case}");
                assert_eq!(session.probe, Some(Probed { runtime, process, at: at(second) }), "{case}");
                assert_eq!((session.activity, session.activity_at), (before.activity, before.activity_at), "{case}");
            }
        }
    }
}

// SESSION-14, SESSION-16
#[test]
fn life_ends_doubts_and_doubts_begin_but_neither_takes_away_what_the_agent_said() {
    for (name, before) in live() {
        let (found_alive, found_doubtful) = match name {
            "not_started" | "working" | "exited" | "detecting" => (SessionState::Working, SessionState::Detecting),
            "idle" => (SessionState::Idle, SessionState::Detecting),
            "needs_input" => (SessionState::NeedsInput, SessionState::NeedsInput),
            "blocked" => (SessionState::Stuck, SessionState::Stuck),
            _ => (SessionState::Working, SessionState::Stuck),
        };
        for (runtime, process) in pairs() {
            let mut session = before.clone();
            assert!(session.probed(&found(runtime, process), LIMITS, at(30)));
            let expected = if (runtime, process) == (Alive, Alive) { found_alive } else { found_doubtful };
            assert_eq!(session.state, expected, "{name} {runtime:?} {process:?}");
            let since = if before.state == expected { before.state_since } else { at(30) };
            assert_eq!(session.state_since, since, "{name} {runtime:?} {process:?}");
        }
    }
}

// SESSION-16
#[test]
fn a_stuck_that_came_from_a_permission_outlasts_the_report_of_an_exit() {
    let mut session = after(Activity::Blocked);
    assert!(session.reported(&report(Activity::Exited), "cmd_2", at(1)));
    assert_eq!(session.state, SessionState::Stuck);
    assert!(session.probed(&found(Alive, Alive), LIMITS, at(2)));
    assert_eq!(session.state, SessionState::Stuck, "no report has said that it goes on");
}

// SESSION-15
#[test]
fn the_third_report_of_the_same_evidence_is_stuck_whatever_times_it_names() {
    let mut session = after(Activity::Active);
    for (second, evidence, state, expected) in [
        (10, "pane 3 gone at 2026-03-01T12:00:00Z", SessionState::Detecting, Some((1, at(10)))),
        (15, "pane 3 gone at 2026-03-01T12:00:05Z", SessionState::Detecting, Some((2, at(10)))),
        (20, "pane 3 gone at 2026-03-01T12:00:10Z", SessionState::Stuck, None),
        (25, "pane 3 gone at 2026-03-01T12:00:15Z", SessionState::Stuck, None),
    ] {
        session = seeing(session, evidence, at(second));
        assert_eq!((session.state, memory(&session)), (state, expected), "{second}");
    }
    assert_eq!((session.is_alive, session.state_since), (true, at(20)));
}

// SESSION-15
#[test]
fn another_finding_of_the_same_words_is_other_evidence() {
    let mut session = after(Activity::Active);
    for (second, runtime, process, attempts) in [
        (1, Alive, Dead, 1),
        (2, Alive, Dead, 2),
        (3, Dead, Alive, 1),
        (4, Failed, Unknown, 1),
        (5, Failed, Unknown, 2),
    ] {
        assert!(session.probed(&found(runtime, process), LIMITS, at(second)));
        assert_eq!(memory(&session), Some((attempts, at(1))), "{second}");
    }
}

// SESSION-15
#[test]
fn other_evidence_restarts_the_count_and_not_the_clock() {
    let mut session = after(Activity::Active);
    for (second, evidence) in [(0, "a"), (100, "b"), (200, "a"), (299, "c")] {
        session = seeing(session, evidence, at(second));
        assert_eq!((session.state, memory(&session)), (SessionState::Detecting, Some((1, at(0)))), "{second}");
    }
    session = seeing(session, "d", at(300));
    assert_eq!((session.state, memory(&session)), (SessionState::Stuck, None));
}

// SESSION-6, SESSION-15, SESSION-16
#[test]
fn doubts_that_were_dispelled_begin_anew() {
    let by_life = |session: &mut Session| session.probed(&found(Alive, Alive), LIMITS, at(10));
    let by_report = |session: &mut Session| session.reported(&report(Activity::Active), "cmd_2", at(10));
    for probes in [2, 3] {
        let (mut alive, mut reported) = (doubted(probes), doubted(probes));
        assert!(by_life(&mut alive) && by_report(&mut reported));
        for session in [alive, reported] {
            assert_eq!((session.state, memory(&session)), (SessionState::Working, None), "after {probes}");
            let again = seeing(session, "a", at(400));
            assert_eq!((again.state, memory(&again)), (SessionState::Detecting, Some((1, at(400)))), "after {probes}");
        }
    }
}

// SESSION-14, SESSION-15
#[test]
fn one_that_seems_dead_is_doubted_while_it_was_heard_of_lately_and_ends_when_it_was_not() {
    let mut session = after(Activity::Active);
    for (second, state) in [
        (5, SessionState::Detecting),
        (10, SessionState::Detecting),
        (15, SessionState::Stuck),
        (59, SessionState::Stuck),
        (60, SessionState::Terminated),
    ] {
        assert!(session.probed(&found(Dead, Dead), LIMITS, at(second)));
        assert_eq!((session.state, session.is_alive), (state, state != SessionState::Terminated), "{second}");
    }
    assert_eq!(session.termination_reason, Some(TerminationReason::RuntimeLost));
}

// SESSION-14
#[test]
fn how_it_ended_is_told_by_its_last_activity_and_not_by_an_earlier_one() {
    for (activity, reason) in [
        (Activity::Exited, TerminationReason::AgentProcessExited),
        (Activity::Active, TerminationReason::RuntimeLost),
        (Activity::Blocked, TerminationReason::RuntimeLost),
        (Activity::WaitingInput, TerminationReason::RuntimeLost),
    ] {
        let mut session = after(Activity::Exited);
        assert!(session.reported(&report(activity), "cmd_2", at(10)));
        assert!(session.probed(&found(Dead, Dead), LIMITS, at(70)));
        assert_eq!(session.termination_reason, Some(reason), "{activity:?}");
    }
}

// SESSION-22
#[test]
fn a_probe_of_another_launch_changes_nothing() {
    for (name, before) in live() {
        for (runtime, process) in pairs() {
            let mut session = before.clone();
            let other = ReportRuntime { launch_id: Some("l0".into()), ..found(runtime, process) };
            assert!(!session.probed(&other, LIMITS, at(90)), "{name}");
            assert_eq!(session, before, "{name} {runtime:?} {process:?}");
            let own = ReportRuntime { launch_id: Some("l1".into()), ..other };
            assert!(session.probed(&own, LIMITS, at(90)), "{name}");
        }
    }
}

// SESSION-20
#[test]
fn many_dead_at_once_are_not_believed_when_they_are_most_of_the_pass() {
    let death = Death { min: 5, share: 50 };
    for (dead, all, implausible) in [
        (0, 0, false),
        (2, 3, false),
        (4, 4, false),
        (5, 5, true),
        (5, 9, true),
        (5, 10, false),
        (6, 11, true),
        (50, 100, false),
        (51, 100, true),
    ] {
        assert_eq!(death.is_implausible(dead, all), implausible, "{dead} of {all}");
    }
}
