//! The operator's rules, one interval after the other.

use super::*;

const LIMITS: Limits =
    Limits { confirmations: 2, restarts: 3, cooldown: Duration::from_secs(60), stale: Duration::from_secs(3600) };
const NOW: Time = Time(10_000_000);

fn ago(seconds: u64) -> Time {
    NOW.minus(Duration::from_secs(seconds))
}

/// One agent that nobody ever probed.
fn unhealthy() -> Observed {
    let ada = Unhealthy { agent_name: "ada".to_owned(), ..Unhealthy::default() };
    Observed { touched_at: NOW, unhealthy: vec![ada], ..Observed::default() }
}

/// A run in which every rule but the first asks for something.
fn everything() -> Observed {
    let lost = Unhealthy {
        agent_name: "ada".to_owned(),
        probe: Some((ProbeResult::Dead, ProbeResult::Dead)),
        last_activity_at: Some(ago(4000)),
    };
    Observed {
        state: RunState::Running,
        touched_at: ago(4000),
        waiting: None,
        unhealthy: vec![lost],
        uncommitted: Some("bob".to_owned()),
        draft: Some(Draft { agent_name: "cyd".to_owned(), url: "https://example.com/pull/1".to_owned() }),
        comments: Some("dan".to_owned()),
    }
}

fn seen(confirmations: u32, restarts: u32) -> Counters {
    Counters { confirmations, restarts, last_restart_at: None }
}

// RUN-18
#[test]
fn an_open_question_comes_before_everything_else() {
    let observed = Observed { waiting: Some("bob".to_owned()), ..everything() };
    let decision = decide(&observed, &Counters::default(), LIMITS, NOW);
    assert_eq!((decision.intent, decision.agent_name.as_deref()), (Intent::EscalateGuidance, Some("bob")));
    assert_eq!(decision.counters.confirmations, 1, "the interval saw the unhealthy one all the same");
}

// RUN-18
#[test]
fn of_all_that_holds_the_first_rule_wins() {
    let rule = |observed: &Observed, before: &Counters| {
        let decision = decide(observed, before, LIMITS, NOW);
        (decision.intent, decision.agent_name.unwrap_or_default())
    };
    let is = |intent: Intent, agent: &str| (intent, agent.to_owned());
    let mut observed = everything();
    assert_eq!(rule(&observed, &seen(1, 0)), is(Intent::StopStale, ""));
    observed.touched_at = NOW;
    assert_eq!(rule(&observed, &seen(1, 0)), is(Intent::Restart, "ada"));
    assert_eq!(rule(&observed, &seen(1, 3)), is(Intent::EscalateBlocked, "ada"));
    // While an unhealthy agent is only watched, the rules behind may act.
    assert_eq!(rule(&observed, &seen(0, 0)), is(Intent::ReviewDispatch, "dan"));
    observed.state = RunState::Completed;
    assert_eq!(rule(&observed, &seen(9, 9)), is(Intent::CommitReady, "bob"));
    observed.uncommitted = None;
    assert_eq!(rule(&observed, &seen(9, 9)), is(Intent::PrReady, "cyd"));
    assert_eq!(decide(&observed, &seen(9, 9), LIMITS, NOW).url.as_deref(), Some("https://example.com/pull/1"));
    observed.draft = None;
    assert_eq!(rule(&observed, &seen(9, 9)), is(Intent::ReviewDispatch, "dan"));
    observed.comments = None;
    assert_eq!(rule(&observed, &seen(9, 9)), is(Intent::Noop, ""));
}

// RUN-18
#[test]
fn reminders_wait_for_the_run_to_be_completed_and_review_comments_do_not() {
    for (state, expected) in [
        (RunState::Running, Intent::ReviewDispatch),
        (RunState::Paused, Intent::ReviewDispatch),
        (RunState::Completed, Intent::CommitReady),
        (RunState::Closed, Intent::Noop),
    ] {
        let observed = Observed { state, unhealthy: Vec::new(), ..everything() };
        assert_eq!(decide(&observed, &Counters::default(), LIMITS, NOW).intent, expected, "{state:?}");
    }
}

// RUN-18, RUN-22
#[test]
fn nobody_is_restarted_in_a_run_that_is_halted_or_over() {
    for (state, may) in [
        (RunState::Created, true),
        (RunState::Planning, true),
        (RunState::Running, true),
        (RunState::AwaitingGuidance, true),
        (RunState::Failed, true),
        (RunState::Paused, false),
        (RunState::Stopping, false),
        (RunState::Stopped, false),
        (RunState::Completed, false),
        (RunState::Closing, false),
        (RunState::Closed, false),
    ] {
        assert!(!may || state.may_become(RunState::Stopping), "{state:?}: a stale run is stopped");
        let decision = decide(&Observed { state, ..unhealthy() }, &seen(1, 0), LIMITS, NOW);
        let expected = if may { (Intent::Restart, 2) } else { (Intent::Noop, 0) };
        assert_eq!((decision.intent, decision.counters.confirmations), expected, "{state:?}");
        assert!(may || decision.reason.ends_with(&format!("the run is {}", state.as_str())), "{}", decision.reason);
    }
}

// RUN-19
#[test]
fn only_conclusive_probes_of_every_unhealthy_agent_make_a_run_stale() {
    use ProbeResult::{Alive, Dead, Failed, Unknown};
    // The last probe, seconds since the last activity, seconds since the run was touched.
    let table = [
        (Some((Dead, Dead)), Some(4000), 3600, true),
        (Some((Alive, Alive)), Some(4000), 3600, true),
        (Some((Alive, Dead)), None, 3600, true),
        (Some((Dead, Dead)), Some(4000), 3599, false),
        (Some((Dead, Dead)), Some(3599), 3600, false),
        (Some((Dead, Unknown)), Some(4000), 3600, false),
        (Some((Unknown, Dead)), Some(4000), 3600, false),
        (Some((Failed, Dead)), Some(4000), 3600, false),
        (Some((Dead, Failed)), Some(4000), 3600, false),
        (None, Some(4000), 3600, false),
        (None, None, 3600, false),
    ];
    for (probe, active, touched, stale) in table {
        let one = Unhealthy { probe, last_activity_at: active.map(ago), ..everything().unhealthy[0].clone() };
        let observed = Observed {
            touched_at: ago(touched),
            unhealthy: vec![one, everything().unhealthy[0].clone()],
            ..everything()
        };
        let decision = decide(&observed, &Counters::default(), LIMITS, NOW);
        assert_eq!(decision.intent == Intent::StopStale, stale, "{probe:?} {active:?} {touched}");
    }
    let healthy = Observed { unhealthy: Vec::new(), comments: None, ..everything() };
    assert_eq!(decide(&healthy, &Counters::default(), LIMITS, NOW).reason, "healthy", "however long nobody touched it");
}

// RUN-18, RUN-20
#[test]
fn restarts_need_two_intervals_keep_their_pause_and_end_with_their_budget() {
    let (mut counters, mut now, mut said) = (Counters::default(), 0, Vec::new());
    for _ in 0..14 {
        let decision = decide(&unhealthy(), &counters, LIMITS, Time(now));
        said.push(match decision.intent {
            Intent::Noop => decision.reason.clone(),
            other => format!("{other:?}"),
        });
        counters = decision.counters;
        // What was decided is carried out at once.
        if decision.intent == Intent::Restart {
            counters.restarts += 1;
            counters.last_restart_at = Some(Time(now));
        }
        now += 15_000;
    }
    let cool = ["cooldown"; 3];
    let expected: Vec<&str> = ["waiting 1/2", "Restart"]
        .into_iter()
        .chain(cool)
        .chain(["Restart"])
        .chain(cool)
        .chain(["Restart", "EscalateBlocked", "EscalateBlocked", "EscalateBlocked", "EscalateBlocked"])
        .collect();
    assert_eq!(said, expected);
}

// RUN-20
#[test]
fn a_healthy_interval_starts_the_confirmations_over() {
    let decision = decide(&Observed::default(), &seen(5, 1), LIMITS, Time(0));
    assert_eq!((decision.intent, decision.reason.as_str()), (Intent::Noop, "healthy"));
    assert_eq!((decision.counters.confirmations, decision.counters.restarts), (0, 1));
    let decision = decide(&unhealthy(), &decision.counters, LIMITS, Time(0));
    assert_eq!(decision.reason, "waiting 1/2");
}
