//! Review comments: one nudge for each new set, a few times; then a person.

use super::*;

fn commented(comments: &[ObservedComment]) -> Situation {
    let mut situation = working_on(vec![pull_request(1)]);
    situation.prs[0].unresolved = comments.to_vec();
    situation
}

/// How much the only nudge tells of; none when nobody is nudged.
fn covered(plan: &Plan) -> Option<usize> {
    assert!(plan.nudges.len() <= 1, "{plan:?}");
    plan.nudges.first().filter(|nudge| nudge.key == keys::REVIEW).map(|nudge| nudge.covers.len())
}

// REACT-4
#[test]
fn a_set_is_told_of_once_and_of_the_next_only_what_is_new() {
    let first = [comment("1", "rename this"), comment("2", "test that")];
    let mut situation = commented(&first);
    let plan = situation.carry_out(LIMITS, at(0));
    assert_eq!((in_words(&plan).as_str(), covered(&plan)), ("nudge review", Some(2)));
    assert!(plan.nudges[0].body.contains("eve on src/a.rs:7:\n| rename this\n"), "{}", plan.nudges[0].body);
    assert_eq!(plan.nudges[0].escalate_at, None);
    assert_eq!(situation.says(1), "");
    situation.prs[0].unresolved = vec![comment("8", "test that"), comment("9", "rename this")];
    assert_eq!(situation.says(2), "", "the same comments under other ids");
    situation.prs[0].unresolved = vec![comment("2", "test that")];
    assert_eq!(situation.says(3), "", "less is not new");
    situation.prs[0].unresolved = vec![comment("2", "test that"), comment("3", "and this")];
    let plan = situation.carry_out(LIMITS, at(4));
    assert_eq!(covered(&plan), Some(1));
    assert!(plan.nudges[0].body.contains("and this") && !plan.nudges[0].body.contains("test that"));
}

// REACT-4
#[test]
fn another_author_path_line_or_text_makes_another_comment() {
    let told = comment("1", "no");
    for other in [
        ObservedComment { author: "bob".into(), ..told.clone() },
        ObservedComment { path: Some("src/b.rs".into()), ..told.clone() },
        ObservedComment { path: None, ..told.clone() },
        ObservedComment { line: Some(8), ..told.clone() },
        ObservedComment { line: None, ..told.clone() },
        ObservedComment { body: "No".into(), ..told.clone() },
    ] {
        let mut situation = commented(std::slice::from_ref(&told));
        assert_eq!(situation.says(0), "nudge review");
        situation.prs[0].unresolved = vec![told.clone(), other.clone()];
        assert_eq!(covered(&situation.carry_out(LIMITS, at(1))), Some(1), "{other:?}");
        assert_eq!(situation.says(2), "", "{other:?}");
    }
}

// REACT-4, REACT-9
#[test]
fn what_is_resolved_is_never_told_and_is_forgotten_when_nothing_is_left() {
    let mut situation = commented(&[comment("1", "no")]);
    situation.session.state = SessionState::Detecting;
    assert_eq!(situation.says(0), "");
    situation.prs[0].unresolved.clear();
    situation.session.state = SessionState::Working;
    assert_eq!(situation.says(1), "", "it was resolved before anybody could be told");
    situation.prs[0].unresolved = vec![comment("2", "yes"), comment("3", "maybe")];
    assert_eq!(situation.says(2), "nudge review");
    situation.prs[0].unresolved.clear();
    assert_eq!(situation.says(3), "forget review, forget review, forget review");
    assert!(situation.told.is_empty());
    situation.prs[0].unresolved = vec![comment("2", "yes")];
    assert_eq!(situation.says(4), "nudge review", "it was opened again");
}

// REACT-4, REACT-10
#[test]
fn after_three_nudges_the_next_set_is_a_persons() {
    let mut situation = commented(&[]);
    let mut said = |bodies: &[&str], minute: i64| {
        situation.prs[0].unresolved = bodies.iter().map(|body| comment(body, body)).collect();
        situation.says(minute)
    };
    assert_eq!(said(&["a"], 0), "nudge review");
    assert_eq!(said(&["a", "b"], 1), "nudge review");
    assert_eq!(said(&["b", "c"], 2), "nudge review");
    assert_eq!(said(&["b", "c"], 3), "");
    assert_eq!(said(&["c", "d"], 4), "raise review_limit");
    assert_eq!(said(&["c", "d"], 5), "");
    assert_eq!(said(&["c", "d", "e"], 6), "", "a person knows already");
    assert_eq!(said(&["c"], 7), "resolve review_limit");
    assert_eq!(said(&["c", "f"], 8), "raise review_limit");
    let over = said(&[], 9);
    assert!(over.starts_with("resolve review_limit, forget review"), "{over}");
    assert_eq!(said(&["a"], 10), "nudge review", "all was dealt with, so it begins anew");
}

// REACT-4
#[test]
fn comments_of_programs_count_unless_they_are_left_out() {
    let without = ReactionLimits { ignore_bots: true, ..LIMITS };
    let bot = ObservedComment { is_bot: true, author: "linter".into(), ..comment("1", "style") };
    let both = commented(&[bot.clone(), comment("2", "no")]);
    assert_eq!(covered(&both.plan(LIMITS, at(0))), Some(2));
    let plan = both.plan(without, at(0));
    assert_eq!(covered(&plan), Some(1));
    assert!(!plan.nudges[0].body.contains("linter"), "{}", plan.nudges[0].body);
    let alone = commented(std::slice::from_ref(&bot));
    assert_eq!(covered(&alone.plan(LIMITS, at(0))), Some(1));
    assert!(alone.plan(without, at(0)).is_empty());
    assert!(alone.has_undelivered_comments(LIMITS) && !alone.has_undelivered_comments(without));
}

// REACT-4, REACT-9
#[test]
fn a_programs_comment_that_is_left_out_keeps_nothing_remembered() {
    let without = ReactionLimits { ignore_bots: true, ..LIMITS };
    let bot = ObservedComment { is_bot: true, ..comment("1", "style") };
    let mut situation = commented(&[bot.clone(), comment("2", "no")]);
    assert_eq!(in_words(&situation.carry_out(without, at(0))), "nudge review");
    situation.prs[0].unresolved = vec![bot];
    assert_eq!(in_words(&situation.carry_out(without, at(1))), "forget review, forget review");
}

// REACT-4, REACT-9
#[test]
fn a_wish_for_changes_without_comments_is_told_once_each_time() {
    let mut situation = commented(&[]);
    let mut said = |review: PrReview, minute: i64| {
        if situation.prs[0].facts.review.0 != review {
            situation.prs[0].facts.review = (review, at(minute));
        }
        situation.says(minute)
    };
    assert_eq!(said(PrReview::ReviewRequired, 0), "");
    assert_eq!(said(PrReview::ChangesRequested, 1), "nudge review");
    assert_eq!(said(PrReview::ChangesRequested, 2), "");
    assert_eq!(said(PrReview::ReviewRequired, 3), "forget review, forget review");
    assert_eq!(said(PrReview::ChangesRequested, 4), "nudge review");
    assert_eq!(said(PrReview::ChangesRequested, 5), "");
}

// REACT-4
#[test]
fn a_wish_for_changes_and_its_comments_are_one_nudge() {
    let mut situation = commented(&[comment("1", "no")]);
    situation.prs[0].facts.review = (PrReview::ChangesRequested, at(0));
    assert_eq!(covered(&situation.carry_out(LIMITS, at(0))), Some(2));
    situation.prs[0].unresolved.clear();
    assert_eq!(situation.says(1), "", "the wish is still there, and was told");
    situation.prs[0].unresolved = vec![comment("1", "no")];
    assert_eq!(situation.says(2), "", "so nothing of it was forgotten");
    situation.prs[0].facts.review = (PrReview::Approved, at(3));
    assert_eq!(situation.says(3), "raise approved", "its comment is not resolved");
    situation.prs[0].facts.review = (PrReview::ChangesRequested, at(4));
    assert_eq!(situation.says(4), "nudge review, resolve approved", "it is wished again");
}

// REACT-9
#[test]
fn what_was_said_of_one_pull_request_is_not_forgotten_with_another() {
    let mut situation = working_on(vec![pull_request(1), pull_request(12)]);
    for pr in &mut situation.prs {
        pr.unresolved = vec![comment("1", "no")];
    }
    assert_eq!(situation.says(0), "nudge review, nudge review");
    situation.prs[0].facts.state = (PrState::Closed, at(1));
    let plan = situation.carry_out(LIMITS, at(1));
    assert_eq!(in_words(&plan), "raise pr_closed_unmerged, forget review, forget review");
    assert!(plan.forget.iter().all(|(_, subject)| *subject == url(1) || subject.starts_with(&format!("{} ", url(1)))));
    assert_eq!(situation.says(2), "");
    situation.prs[1].facts.state = (PrState::Merged, at(3));
    assert_eq!(situation.says(3), "inform pr_merged, forget review, forget review");
}

// RUN-18
#[test]
fn comments_wait_for_delivery_until_they_are_told_or_nobody_needs_them() {
    let mut situation = commented(&[comment("1", "no")]);
    situation.session.state = SessionState::Detecting;
    situation.says(0);
    assert!(situation.has_undelivered_comments(LIMITS), "held is not delivered");
    situation.session.state = SessionState::Working;
    situation.says(1);
    assert!(!situation.has_undelivered_comments(LIMITS));
    situation.prs[0].unresolved.push(comment("2", "and"));
    assert!(situation.has_undelivered_comments(LIMITS));
    situation.prs[0].facts.state = (PrState::Closed, at(2));
    assert!(!situation.has_undelivered_comments(LIMITS), "nobody needs them any more");
}
