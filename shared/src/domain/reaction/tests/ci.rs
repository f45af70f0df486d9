//! Failed checks: one nudge for each commit, and a brake.

use super::*;

use CheckStatus::{Cancelled, Failed, InProgress, Passed, Queued, Skipped, Unknown};

/// What is seen of checks, the oldest first. The last one's commit is the newest, as a push makes it.
fn see(situation: &mut Situation, checks: &[(&str, &str, CheckStatus)]) {
    let pr = &mut situation.prs[0];
    for (name, commit, status) in checks {
        match pr.checks.iter_mut().find(|known| known.name == *name && known.commit == *commit) {
            Some(known) => known.status = *status,
            None => pr.checks.push(check(name, commit, *status)),
        }
        pr.facts.head_sha = Some((*commit).to_owned());
    }
    let head = pr.facts.head_sha.as_deref();
    let fails = |check: &Check| Some(check.commit.as_str()) == head && check.status == Failed;
    let ci = if pr.checks.iter().any(fails) { PrCi::Failing } else { PrCi::Pending };
    pr.facts.ci = (ci, at(0));
}

fn checked(checks: &[(&str, &str, CheckStatus)]) -> Situation {
    let mut situation = working_on(vec![pull_request(1)]);
    see(&mut situation, checks);
    situation
}

/// The checks of which the agent is told, each with its commit.
fn named(plan: &Plan) -> Vec<String> {
    let prefix = format!("{} ", url(1));
    let covers = plan.nudges.iter().filter(|nudge| nudge.key == keys::CI_FAILED).flat_map(|nudge| &nudge.covers);
    covers.map(|cover| cover.strip_prefix(&prefix).unwrap_or(cover).to_owned()).collect()
}

// REACT-2
#[test]
fn one_nudge_lists_all_failed_checks_with_the_end_of_their_logs() {
    let situation =
        checked(&[("build", "c1", Failed), ("lint", "c1", Failed), ("test", "c1", Passed), ("docs", "c1", InProgress)]);
    let plan = situation.plan(LIMITS, at(0));
    assert_eq!(in_words(&plan), "nudge ci_failed");
    assert_eq!(named(&plan), ["build@c1", "lint@c1"]);
    let body = &plan.nudges[0].body;
    for line in ["- build (https://ci/build)", "- lint (https://ci/lint)", "| build went wrong", "| lint went wrong"] {
        assert_eq!(body.lines().filter(|of| *of == line).count(), 1, "{line} in {body}");
    }
    assert!(!body.contains("test") && !body.contains("docs"), "{body}");
    assert_eq!(plan.nudges[0].escalate_at, None, "its brake is the commits, not a clock");
}

// REACT-2, REACT-9
#[test]
fn a_check_of_a_commit_is_told_of_once() {
    let mut situation = checked(&[("build", "c1", Failed)]);
    for (seen, expected) in [
        (vec![], vec!["build@c1"]),
        (vec![("build", "c1", Failed)], vec![]),
        (vec![("build", "c1", InProgress)], vec![]),
        (vec![("build", "c1", Failed)], vec![]),
        (vec![("lint", "c1", Failed)], vec!["lint@c1"]),
        (vec![("build", "c2", Queued)], vec![]),
        (vec![("build", "c2", Failed), ("lint", "c2", Passed)], vec!["build@c2"]),
        (vec![("lint", "c2", Failed)], vec!["lint@c2"]),
        (vec![("build", "c2", Passed), ("lint", "c2", Passed)], vec![]),
        (vec![("build", "c2", Failed), ("lint", "c2", Failed)], vec![]),
    ] {
        see(&mut situation, &seen);
        let plan = situation.carry_out(LIMITS, at(0));
        assert_eq!(named(&plan), expected, "after {seen:?}");
        assert!(plan.raise.is_empty(), "after {seen:?}: {plan:?}");
    }
}

// REACT-3, REACT-9, REACT-10
#[test]
fn two_nudges_one_escalation_and_silence_until_a_pass_which_breaks_the_streak() {
    let mut situation = checked(&[]);
    for (commit, status, expected) in [
        ("c1", Failed, "nudge ci_failed"),
        ("c2", InProgress, ""),
        ("c2", Failed, "nudge ci_failed"),
        ("c3", Failed, "raise ci_brake"),
        ("c3", Failed, ""),
        ("c4", InProgress, ""),
        ("c4", Failed, ""),
        ("c5", Cancelled, ""),
        ("c6", Passed, "resolve ci_brake"),
        ("c7", Failed, "nudge ci_failed"),
        ("c8", Failed, "nudge ci_failed"),
        ("c9", Failed, "raise ci_brake"),
        ("c9", Passed, "resolve ci_brake"),
        ("d1", Failed, "nudge ci_failed"),
    ] {
        see(&mut situation, &[("build", commit, status)]);
        assert_eq!(situation.says(0), expected, "{commit} {status:?}");
        assert_eq!(situation.says(1), "", "{commit} {status:?}");
    }
}

// REACT-3
#[test]
fn the_brake_names_its_check_and_where_to_look() {
    let mut situation = checked(&[("build", "c1", Failed), ("build", "c2", Failed), ("build", "c3", Failed)]);
    let plan = situation.carry_out(LIMITS, at(0));
    assert!(plan.nudges.is_empty());
    let notice = &plan.raise[0];
    assert_eq!((notice.kind, notice.subject.as_str()), (NotificationKind::CiBrake, "https://h/a/b/pull/1 build"));
    assert!(notice.title.contains("build") && notice.title.contains('3'), "{}", notice.title);
    assert_eq!(notice.url.as_deref(), Some("https://ci/build"));
}

// REACT-3
#[test]
fn only_failed_and_passed_commits_count_and_each_check_for_itself() {
    for (statuses, braked) in [
        (vec![Failed, Failed], false),
        (vec![Failed, Failed, Failed], true),
        (vec![Passed, Failed, Failed, Failed], true),
        (vec![Failed, Skipped, Failed, Cancelled, Failed], true),
        (vec![Failed, Failed, Failed, Skipped, Unknown, Queued, InProgress], true),
        (vec![Failed, Failed, Skipped, Cancelled, Unknown], false),
        (vec![Failed, Failed, Passed, Failed], false),
        (vec![Failed, Failed, Failed, Passed], false),
        (vec![Failed, Failed, Failed, Passed, InProgress], false),
        (vec![Skipped, Cancelled, Unknown], false),
    ] {
        let commits: Vec<String> = (1..=statuses.len()).map(|number| format!("c{number}")).collect();
        let mut situation = checked(&[]);
        for (commit, status) in commits.iter().zip(&statuses) {
            see(&mut situation, &[("lint", commit.as_str(), Passed), ("build", commit.as_str(), *status)]);
        }
        let plan = situation.plan(LIMITS, at(0));
        assert_eq!(in_words(&plan).contains("ci_brake"), braked, "{statuses:?}");
    }
}

// REACT-2, REACT-3
#[test]
fn a_check_behind_the_brake_silences_no_other_check() {
    let mut situation = checked(&[("build", "c1", Failed), ("build", "c2", Failed)]);
    see(&mut situation, &[("build", "c3", Failed), ("lint", "c3", Failed)]);
    let plan = situation.carry_out(LIMITS, at(0));
    assert_eq!(in_words(&plan), "nudge ci_failed, raise ci_brake");
    assert_eq!(named(&plan), ["lint@c3"]);
    see(&mut situation, &[("build", "c4", Failed), ("lint", "c4", Failed)]);
    assert_eq!(named(&situation.carry_out(LIMITS, at(1))), ["lint@c4"]);
}

// REACT-2, REACT-8
#[test]
fn a_commit_that_is_not_the_newest_is_not_told_of() {
    let mut situation = checked(&[("build", "c1", Failed)]);
    situation.session.state = SessionState::Detecting;
    assert_eq!(situation.says(0), "");
    situation.session.state = SessionState::Working;
    situation.prs[0].facts.head_sha = Some("c2".into());
    assert_eq!(situation.says(1), "", "nothing ran on the new one");
    see(&mut situation, &[("build", "c2", InProgress)]);
    assert_eq!(situation.says(2), "");
    see(&mut situation, &[("build", "c2", Failed)]);
    assert_eq!(named(&situation.carry_out(LIMITS, at(3))), ["build@c2"]);
}

// REACT-2
#[test]
fn without_a_known_newest_commit_the_last_one_seen_counts() {
    let mut situation = checked(&[("build", "c1", Failed), ("build", "c2", Failed), ("lint", "c1", Failed)]);
    situation.prs[0].facts.head_sha = None;
    assert_eq!(named(&situation.plan(LIMITS, at(0))), ["build@c2", "lint@c1"]);
}

// REACT-3, REACT-10
#[test]
fn the_brake_ends_with_its_pull_request_and_holds_whatever_its_session_does() {
    let failed = [("build", "c1", Failed), ("build", "c2", Failed), ("build", "c3", Failed)];
    let mut situation = checked(&failed);
    situation.session.state = SessionState::Detecting;
    assert_eq!(situation.says(0), "raise ci_brake");
    situation.session.state = SessionState::Working;
    assert_eq!(situation.says(1), "");
    situation.prs[0].facts.state = (PrState::Draft, at(2));
    assert_eq!(situation.says(2), "", "a draft is open");
    situation.prs[0].facts.state = (PrState::Merged, at(3));
    assert_eq!(situation.says(3), "inform pr_merged, resolve ci_brake");
    let mut closed = checked(&[("build", "c1", Failed)]);
    closed.prs[0].facts.state = (PrState::Closed, at(0));
    assert_eq!(closed.says(0), "raise pr_closed_unmerged", "nobody mends what is closed");
}
