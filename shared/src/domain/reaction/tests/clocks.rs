//! Conflicts and idling: one nudge, and a person when that does not help in time.

use super::*;

fn idle() -> Situation {
    let mut situation = working_on(Vec::new());
    situation.session.state = SessionState::Idle;
    situation
}

fn nudges_idle(situation: &Situation) -> bool {
    situation.plan(LIMITS, at(0)).nudges.iter().any(|nudge| nudge.key == keys::IDLE)
}

// REACT-5, REACT-9, REACT-10
#[test]
fn a_conflict_is_told_once_and_to_a_person_when_it_lasts() {
    let mut situation = working_on(vec![pull_request(1)]);
    let (clear, conflicting) = (Mergeability::Blocked, Mergeability::Conflicting);
    for (minute, mergeability, expected) in [
        (0, clear, ""),
        (10, conflicting, "nudge merge_conflict"),
        (11, conflicting, ""),
        (24, conflicting, ""),
        (25, conflicting, "raise merge_conflict"),
        (26, conflicting, ""),
        (600, conflicting, ""),
        (601, clear, "resolve merge_conflict, forget merge_conflict"),
        (602, clear, ""),
        (603, conflicting, "nudge merge_conflict"),
        (604, clear, "forget merge_conflict"),
        (610, conflicting, "nudge merge_conflict"),
        (624, conflicting, ""),
        (625, conflicting, "raise merge_conflict"),
    ] {
        situation.prs[0].facts.mergeability = (mergeability, at(minute));
        assert_eq!(situation.says(minute), expected, "{minute}");
    }
    let raised = [(NotificationKind::MergeConflict, url(1))];
    assert_eq!(situation.raised, raised);
}

// REACT-5
#[test]
fn a_conflict_ends_with_its_pull_request_and_begins_in_a_draft() {
    for (state, expected) in [
        (PrState::Merged, "inform pr_merged, resolve merge_conflict, forget merge_conflict"),
        (PrState::Closed, "raise pr_closed_unmerged, resolve merge_conflict, forget merge_conflict"),
    ] {
        let mut situation = working_on(vec![pull_request(1)]);
        situation.prs[0].facts.mergeability = (Mergeability::Conflicting, at(0));
        situation.prs[0].facts.state = (PrState::Draft, at(0));
        assert_eq!(situation.says(0), "nudge merge_conflict");
        assert_eq!(situation.says(15), "raise merge_conflict");
        situation.prs[0].facts.state = (state, at(16));
        assert_eq!(situation.says(16), expected);
        assert_eq!(situation.says(17), "");
    }
}

// REACT-5
#[test]
fn the_nudge_about_a_conflict_names_both_ends_and_its_clock() {
    let mut situation = working_on(vec![pull_request(1)]);
    situation.prs[0].facts.mergeability = (Mergeability::Conflicting, at(0));
    let nudge = situation.plan(LIMITS, at(3)).nudges.remove(0);
    assert_eq!((nudge.subject.clone(), nudge.escalate_at), (url(1), Some(at(18))));
    assert!(nudge.body.contains("main") && nudge.body.contains(&url(1)), "{}", nudge.body);
}

// REACT-5, REACT-9, REACT-10
#[test]
fn idling_is_told_once_and_to_a_person_when_it_lasts() {
    let mut situation = idle();
    let (idles, works) = (SessionState::Idle, SessionState::Working);
    for (minute, state, expected) in [
        (0, idles, "nudge idle"),
        (1, idles, ""),
        (14, idles, ""),
        (15, idles, "raise idle"),
        (16, idles, ""),
        (17, works, "resolve idle, forget idle"),
        (18, works, ""),
        (20, idles, "nudge idle"),
        (30, works, "forget idle"),
        (31, idles, "nudge idle"),
        (45, idles, ""),
        (46, idles, "raise idle"),
    ] {
        situation.session.state = state;
        assert_eq!(situation.says(minute), expected, "{minute}");
    }
    assert_eq!(situation.raised, [(NotificationKind::Idle, "p-1".to_owned())]);
}

// REACT-5, REACT-9
#[test]
fn an_agent_that_is_right_to_idle_is_left_alone_and_what_was_said_is_forgotten() {
    let right: [(&str, Step); 7] = [
        ("it completed", |situation| situation.completed = true),
        ("it asks", |situation| situation.asks = true),
        ("its pull request waits for others", |situation| situation.prs = vec![pull_request(1)]),
        ("one of its pull requests waits for others", |situation| {
            let mut merged = pull_request(2);
            merged.facts.state = (PrState::Merged, at(0));
            situation.remember(keys::PR_MERGED, &url(2), None);
            situation.prs = vec![merged, pull_request(1)];
        }),
        ("it works", |situation| situation.session.state = SessionState::Working),
        ("it is done", |situation| situation.session.end(crate::value::SessionEnd::Done, None, at(0))),
        ("it is being launched", |situation| situation.session.restore(&StartSession::default(), at(0))),
    ];
    for (name, befall) in right {
        let mut situation = idle();
        befall(&mut situation);
        assert_eq!(situation.says(0), "", "{name}");
        let mut situation = idle();
        assert_eq!(situation.says(0), "nudge idle");
        befall(&mut situation);
        assert_eq!(situation.says(15), "forget idle", "{name}");
        let mut situation = idle();
        assert_eq!((situation.says(0), situation.says(15)), ("nudge idle".to_owned(), "raise idle".to_owned()));
        befall(&mut situation);
        assert_eq!(situation.says(16), "resolve idle, forget idle", "{name}");
        assert_eq!(situation.says(17), "", "{name}");
    }
}

// REACT-5, REACT-7
#[test]
fn an_agent_whose_pull_request_needs_work_is_not_right_to_idle() {
    let needs: [(&str, Step); 7] = [
        ("failing", |situation| situation.prs[0].facts.ci = (PrCi::Failing, at(0))),
        ("a draft", |situation| situation.prs[0].facts.state = (PrState::Draft, at(0))),
        ("changes", |situation| situation.prs[0].facts.review = (PrReview::ChangesRequested, at(0))),
        ("a conflict", |situation| situation.prs[0].facts.mergeability = (Mergeability::Conflicting, at(0))),
        ("comments", |situation| situation.prs[0].unresolved = vec![comment("1", "no")]),
        ("closed", |situation| situation.prs[0].facts.state = (PrState::Closed, at(0))),
        ("merged", |situation| situation.prs[0].facts.state = (PrState::Merged, at(0))),
    ];
    for (name, befall) in needs {
        let mut situation = idle();
        situation.prs = vec![pull_request(1)];
        assert!(!nudges_idle(&situation), "{name}");
        befall(&mut situation);
        assert!(nudges_idle(&situation), "{name}");
        situation.completed = true;
        assert!(!nudges_idle(&situation), "{name}, and it completed");
    }
}

// REACT-5, REACT-8
#[test]
fn a_nudge_that_is_held_starts_no_clock() {
    let mut situation = idle();
    situation.prs = vec![pull_request(1)];
    situation.prs[0].facts.mergeability = (Mergeability::Conflicting, at(0));
    situation.session.is_alive = false;
    for minute in [0, 15, 30] {
        assert_eq!(situation.says(minute), "", "{minute}");
    }
    situation.session.is_alive = true;
    assert_eq!(situation.says(40), "nudge idle, nudge merge_conflict");
    assert_eq!(situation.says(54), "");
    assert_eq!(situation.says(55), "raise idle, raise merge_conflict");
}
