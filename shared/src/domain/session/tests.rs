//! Sessions step by step: where they belong, how they end, how they begin again. Reports, probes and what is shown have
//! a file each.

mod moves;
mod probes;
mod shown;

use std::time::Duration;

use super::*;
use crate::message::command::ReportRuntime;
use crate::value::{SessionKind, Word};

const LIMITS: ProbeLimits =
    ProbeLimits { recent: Duration::from_secs(60), reports: 3, after: Duration::from_secs(300) };

/// So many seconds after the start.
fn at(seconds: i64) -> Time {
    Time(1_000_000 + seconds * 1000)
}

fn begun() -> Session {
    let start = StartSession { launch_id: Some("l1".into()), ..StartSession::default() };
    Session::begin("p-1".into(), &start, &Actor::system("test"), at(0))
}

fn report(activity: Activity) -> ReportActivity {
    ReportActivity { session_id: "p-1".into(), activity: Some(activity), ..ReportActivity::default() }
}

fn found(runtime: ProbeResult, process: ProbeResult) -> ReportRuntime {
    ReportRuntime { session_id: "p-1".into(), runtime, process, evidence: None, pass_id: None, launch_id: None }
}

/// Everything that a probe can find.
fn pairs() -> Vec<(ProbeResult, ProbeResult)> {
    let results = ProbeResult::ALL.iter().map(|(_, result)| *result);
    results.clone().flat_map(|runtime| results.clone().map(move |process| (runtime, process))).collect()
}

/// A session whose agent reported this at the start.
fn after(activity: Activity) -> Session {
    let mut session = begun();
    assert!(session.reported(&report(activity), "cmd_1", at(0)));
    session
}

/// A working session after so many probes that could not tell, one a second.
fn doubted(probes: i64) -> Session {
    let mut session = after(Activity::Active);
    for second in 0..probes {
        assert!(session.probed(&found(ProbeResult::Unknown, ProbeResult::Alive), LIMITS, at(second)));
    }
    session
}

/// A session in every state in which it may live, and by every way there.
fn live() -> Vec<(&'static str, Session)> {
    let mut exited = after(Activity::Active);
    assert!(exited.reported(&report(Activity::Exited), "cmd_1", at(0)));
    vec![
        ("not_started", begun()),
        ("working", after(Activity::Active)),
        ("exited", exited),
        ("idle", after(Activity::Idle)),
        ("needs_input", after(Activity::WaitingInput)),
        ("blocked", after(Activity::Blocked)),
        ("detecting", doubted(1)),
        ("stuck", doubted(3)),
    ]
}

/// A session after every end that it may have.
fn over() -> Vec<Session> {
    let mut done = after(Activity::Active);
    done.end(SessionEnd::Done, Some(&"all of it".to_owned()), at(1));
    let terminated = TerminationReason::ALL.iter().map(|(_, reason)| {
        let mut session = doubted(1);
        session.terminate(*reason, at(1));
        session
    });
    std::iter::once(done).chain(terminated).collect()
}

/// A start that says everything, with `mark` in each word.
fn start(mark: &str) -> StartSession {
    let word = |field: &str| Some(format!("{field} {mark}"));
    StartSession {
        ticket: word("ticket"),
        run_id: word("run"),
        agent_name: word("agent"),
        kind: Some(SessionKind::Orchestrator),
        harness: word("harness"),
        external_session_id: word("external"),
        prompt: word("prompt"),
        repository: word("repository"),
        branch: word("branch"),
        workspace_path: word("workspace"),
        runtime_name: word("runtime"),
        runtime_handle_id: word("handle"),
        agent_session_id: word("agent session"),
        launch_id: word("launch"),
        restore_session_id: None,
    }
}

// SESSION-4, SESSION-5, SESSION-6
#[test]
fn a_session_begins_not_started_and_is_not_known_to_live() {
    let session = begun();
    assert_eq!((session.state, session.is_alive, session.state_since), (SessionState::NotStarted, false, at(0)));
    assert_eq!((session.termination_reason, &session.detecting, session.activity), (None, &None, None));
}

// SESSION-3
#[test]
fn what_is_absent_leaves_what_is_stored() {
    let mut session = after(Activity::Active);
    session.place.learn(&start("one"));
    session.place.launch_id = Some("l1".into());
    let before = session.place.clone();
    session.place.learn(&StartSession::default());
    assert_eq!(session.place, before, "a start");
    assert!(session.reported(&report(Activity::Idle), "cmd_2", at(1)));
    assert_eq!(session.place, before, "a report");
}

// SESSION-2, SESSION-3
#[test]
fn where_a_session_belongs_is_said_once_and_what_runs_it_as_often_as_it_changes() {
    let of = |starts: &[StartSession]| {
        let mut place = SessionPlace::default();
        for start in starts {
            place.learn(start);
        }
        place
    };
    let (first, second) = (of(&[start("one")]), of(&[start("two")]));
    let both = of(&[StartSession::default(), start("one"), start("two")]);
    let expected = SessionPlace {
        ticket: first.ticket,
        run_id: first.run_id,
        agent_name: first.agent_name,
        external_session_id: first.external_session_id,
        ..second
    };
    assert_eq!(both, expected);
}

// SESSION-4, SESSION-5, SESSION-6, SESSION-18, SESSION-19
#[test]
fn an_end_has_its_reason_and_a_second_end_changes_nothing() {
    for (outcome, state, reason) in [
        (SessionEnd::Done, SessionState::Done, None),
        (SessionEnd::Killed, SessionState::Terminated, Some(TerminationReason::ManuallyKilled)),
        (SessionEnd::LaunchFailed, SessionState::Terminated, Some(TerminationReason::ErrorInProcess)),
        (SessionEnd::Cleanup, SessionState::Terminated, Some(TerminationReason::AutoCleanup)),
    ] {
        for (name, mut session) in live() {
            let case = format!("{name} {outcome:?}");
            session.end(outcome, Some(&"enough".to_owned()), at(90));
            assert_eq!((session.state, session.termination_reason), (state, reason), "{case}");
            assert_eq!((session.is_alive, &session.detecting, session.state_since), (false, &None, at(90)), "{case}");
            assert_eq!(session.end_reason.as_deref(), Some("enough"), "{case}");
            let first = session.clone();
            for (_, again) in SessionEnd::ALL {
                session.end(*again, None, at(91));
            }
            assert_eq!(session, first, "{case}");
        }
    }
}

// SESSION-17
#[test]
fn a_session_that_is_over_heeds_nobody() {
    for before in over() {
        let mut session = before.clone();
        for (_, activity) in Activity::ALL {
            assert!(!session.reported(&report(*activity), "cmd_2", at(500)), "{activity:?}");
        }
        for (runtime, process) in pairs() {
            assert!(!session.probed(&found(runtime, process), LIMITS, at(500)), "{runtime:?} {process:?}");
        }
        assert_eq!(session, before);
    }
}

// SESSION-5, SESSION-6, SESSION-17, SESSION-22
#[test]
fn a_restore_opens_the_same_session_for_another_launch() {
    let again = StartSession { ticket: Some("T-2".into()), launch_id: Some("l2".into()), ..StartSession::default() };
    let of = |launch: &str| ReportActivity { launch_id: Some(launch.into()), ..report(Activity::Active) };
    for mut session in over() {
        session.place.ticket = Some("T-1".into());
        session.restore(&again, at(100));
        assert_eq!((session.session_id.as_str(), session.place.ticket.as_deref()), ("p-1", Some("T-1")));
        assert_eq!((session.state, session.state_since), (SessionState::NotStarted, at(100)));
        assert_eq!((session.termination_reason, session.end_reason.as_deref()), (None, None));
        assert_eq!((session.is_alive, &session.detecting, session.probe), (false, &None, None));
        assert_eq!((session.activity, session.activity_at), (None, None), "its new agent has not reported");
        assert_eq!((session.launched_at, session.created_at), (at(100), at(0)));
        let restored = session.clone();
        assert!(!session.reported(&of("l1"), "cmd_2", at(101)), "the launch before");
        assert_eq!(session, restored);
        assert!(session.reported(&of("l2"), "cmd_2", at(101)));
        assert_eq!((session.state, session.is_alive), (SessionState::Working, true));
    }
}

// SESSION-14, SESSION-17
#[test]
fn a_session_restored_just_now_is_not_dead_of_its_last_launch() {
    let mut session = after(Activity::Exited);
    session.terminate(TerminationReason::AgentProcessExited, at(60));
    session.restore(&StartSession::default(), at(600));
    assert_eq!(session.place.launch_id, None, "its last launch is over");
    assert!(session.probed(&found(ProbeResult::Dead, ProbeResult::Dead), LIMITS, at(605)));
    assert_eq!(session.state, SessionState::Detecting);
    assert!(session.probed(&found(ProbeResult::Dead, ProbeResult::Dead), LIMITS, at(660)));
    assert_eq!(session.termination_reason, Some(TerminationReason::RuntimeLost), "nobody said that it exited");
}

// REACT-1
#[test]
fn an_agent_of_a_run_reads_the_thread_of_its_name_and_any_other_its_own() {
    let scope = Scope { team_id: "t".into(), project_id: "p".into() };
    let mut session = begun();
    let own = control_thread_id(&scope, "", "p-1");
    assert_eq!(session.control_thread(&scope), own);
    session.place.run_id = Some("run_1".into());
    assert_eq!(session.control_thread(&scope), own, "nobody in particular");
    session.place.agent_name = Some("ada".into());
    assert_eq!(session.control_thread(&scope), control_thread_id(&scope, "run_1", "ada"));
}

// PR-15
#[test]
fn a_repository_is_the_same_by_its_name_and_by_all_of_its_addresses() {
    for text in [
        "Acme/Shop",
        " acme/shop/ ",
        "https://github.com/acme/shop",
        "https://github.com/Acme/shop.git",
        "git@github.com:acme/shop.git",
        "ssh://git@github.com:22/acme/shop",
    ] {
        assert_eq!(repository_key(text).as_deref(), Some("acme/shop"), "{text}");
    }
    for text in ["", "shop", "/", "shop.git"] {
        assert_eq!(repository_key(text), None, "{text}");
    }
}
