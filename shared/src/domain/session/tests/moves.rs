//! What an agent's reports do to its session.

use super::*;

// SESSION-6, SESSION-13
#[test]
fn every_report_but_that_of_an_exit_moves_any_session_that_lives() {
    for (name, before) in live() {
        for (activity, state) in [
            (Activity::Active, SessionState::Working),
            (Activity::Ready, SessionState::Idle),
            (Activity::Idle, SessionState::Idle),
            (Activity::WaitingInput, SessionState::NeedsInput),
            (Activity::Blocked, SessionState::Stuck),
        ] {
            let (mut session, case) = (before.clone(), format!("{name} {activity:?}"));
            let report = ReportActivity { source: Some("hook".into()), ..report(activity) };
            assert!(session.reported(&report, "cmd_2", at(30)), "{case}");
            assert_eq!((session.state, session.is_alive, &session.detecting), (state, true, &None), "{case}");
            let since = if before.state == state { before.state_since } else { at(30) };
            assert_eq!(session.state_since, since, "{case}");
            assert_eq!((session.activity, session.activity_at), (Some(activity), Some(at(30))), "{case}");
            let by = (session.activity_source.as_deref(), session.activity_command.as_deref());
            assert_eq!(by, (Some("hook"), Some("cmd_2")), "{case}");
            assert_eq!(session.termination_reason, None, "{case}");
        }
    }
}

// SESSION-13
#[test]
fn the_report_of_an_exit_moves_nothing_and_proves_no_life() {
    for (name, before) in live() {
        let mut session = before.clone();
        assert!(session.reported(&report(Activity::Exited), "cmd_2", at(30)), "{name}");
        assert_eq!((session.activity, session.activity_at), (Some(Activity::Exited), Some(at(30))), "{name}");
        let stands = |session: &Session| (session.state, session.state_since, session.is_alive);
        assert_eq!(stands(&session), stands(&before), "{name}");
        assert_eq!(session.detecting, before.detecting, "{name}");
    }
}

// SESSION-13, SESSION-22
#[test]
fn a_report_that_is_not_believed_changes_nothing_at_all() {
    for (name, before) in live() {
        for (_, activity) in Activity::ALL {
            let full = ReportActivity {
                branch: Some("b".into()),
                agent_session_id: Some("a".into()),
                workspace_dirty: Some(true),
                at: Some(at(30)),
                ..report(*activity)
            };
            let invalid = ReportActivity { valid: Some(false), ..full.clone() };
            let other = ReportActivity { launch_id: Some("l0".into()), ..full.clone() };
            let late = ReportActivity { at: Some(at(-1)), ..full };
            for (why, report) in [("invalid", invalid), ("other launch", other), ("late", late)] {
                if why == "late" && before.activity_at.is_none() {
                    continue;
                }
                let mut session = before.clone();
                assert!(!session.reported(&report, "cmd_2", at(30)), "{name} {activity:?} {why}");
                assert_eq!(session, before, "{name} {activity:?} {why}");
            }
        }
    }
}

// SESSION-13, SESSION-22
#[test]
fn a_report_is_believed_that_says_so_is_of_this_launch_or_is_as_old_as_the_last() {
    let said = report(Activity::Idle);
    for report in [
        ReportActivity { valid: Some(true), ..said.clone() },
        ReportActivity { launch_id: Some("l1".into()), ..said.clone() },
        ReportActivity { at: Some(at(0)), ..said.clone() },
    ] {
        let mut session = after(Activity::Active);
        assert!(session.reported(&report, "cmd_2", at(30)), "{report:?}");
        assert_eq!((session.state, session.state_since), (SessionState::Idle, at(30)), "{report:?}");
        assert_eq!(session.activity_at, Some(report.at.unwrap_or(at(30))));
    }
    let mut unnamed = after(Activity::Active);
    unnamed.place.launch_id = None;
    let named = ReportActivity { launch_id: Some("l7".into()), ..said };
    assert!(unnamed.reported(&named, "cmd_2", at(30)), "a session that knows of no launch");
}

// SESSION-3, SESSION-13
#[test]
fn a_report_of_who_it_is_moves_nothing() {
    for (name, before) in live() {
        let mut session = before.clone();
        let report = ReportActivity {
            agent_session_id: Some("a".into()),
            branch: Some("b".into()),
            workspace_path: Some("/w".into()),
            runtime_handle_id: Some("7".into()),
            workspace_dirty: Some(true),
            ..ReportActivity::default()
        };
        assert!(session.reported(&report, "cmd_2", at(30)), "{name}");
        let place = SessionPlace {
            agent_session_id: Some("a".into()),
            branch: Some("b".into()),
            workspace_path: Some("/w".into()),
            runtime_handle_id: Some("7".into()),
            workspace_dirty: Some(true),
            ..before.place.clone()
        };
        assert_eq!(session, Session { place, ..before }, "{name}");
    }
}

// RUN-8
#[test]
fn only_another_activity_is_progress() {
    let mut session = after(Activity::Active);
    for (activity, second, progress) in [
        (Activity::Active, 10, 0),
        (Activity::Idle, 20, 20),
        (Activity::Idle, 30, 20),
        (Activity::Exited, 40, 40),
        (Activity::Active, 50, 50),
    ] {
        assert!(session.reported(&report(activity), "cmd_2", at(second)));
        assert_eq!(session.progress_at, at(progress), "{activity:?} {second}");
    }
}

// SESSION-24, REACT-8
#[test]
fn only_an_agent_that_works_or_idles_and_lives_can_heed_words() {
    for (name, session) in live() {
        assert_eq!(session.is_workable(), matches!(name, "working" | "exited" | "idle"), "{name}");
        assert_eq!(session.is_blocked(), name == "blocked", "{name}");
        assert!(!Session { is_alive: false, ..session.clone() }.is_workable(), "{name}, not known to live");
        assert!(!Session { activity: Some(Activity::Blocked), ..session }.is_workable(), "{name}, blocked");
    }
    assert!(over().iter().all(|session| !session.is_workable()));
}
