//! Whatever agents signal and people answer, in whatever order: where a run moves by itself follows from the latest of each
//! kind and from whose session failed, and nothing else.

use proptest::prelude::*;
use shared::clock::Time;
use shared::domain::control::{Asked, Control, Validated};
use shared::domain::run::gates::GateName;
use shared::domain::run::{Run, RunStanding};
use shared::message::command::Brief;
use shared::value::{Actor, GuidanceStatus, RunMode, RunState, ValidationStatus, Word};

fn guidance() -> impl Strategy<Value = Option<GuidanceStatus>> {
    let words: Vec<_> = GuidanceStatus::ALL.iter().map(|(_, status)| *status).collect();
    proptest::option::of(proptest::sample::select(words))
}

/// An agent's control state: whether it asked, completed, and how it was judged, by which criteria.
fn control(name: usize) -> impl Strategy<Value = Control> {
    let judged = proptest::option::of((any::<bool>(), any::<bool>()));
    (guidance(), any::<bool>(), judged).prop_map(move |(status, completed, judged)| Control {
        thread_id: format!("ctl_{name}"),
        run_id: "run_1".to_owned(),
        agent_name: format!("agent-{name}"),
        guidance: status.map(|status| Asked {
            request_id: "pst_1".to_owned(),
            status,
            question: "Which?".to_owned(),
            options: Vec::new(),
            default: None,
            deadline: None,
            asked_at: Time(0),
        }),
        completion_pos: completed.then_some(7),
        validation: judged.map(|(passed, ours)| Validated {
            status: if passed { ValidationStatus::Passed } else { ValidationStatus::Failed },
            done_criteria: if ours { " tests pass " } else { "it compiles" }.to_owned(),
            pos: 8,
        }),
        version: 1,
    })
}

fn standing() -> impl Strategy<Value = RunStanding> {
    let states: Vec<_> = RunState::ALL.iter().map(|(_, state)| *state).collect();
    let agents = 0..4_usize;
    // Seldom, or nothing else would be seen.
    let failed = proptest::bool::weighted(0.2);
    let drawn = (agents, proptest::sample::select(states), any::<bool>(), failed);
    drawn.prop_flat_map(|(agents, state, bootstrap, failed)| {
        // The first one only ever signalled; it is none of the run's agents.
        let controls: Vec<_> = (0..=agents).map(control).collect();
        controls.prop_map(move |controls| RunStanding {
            failed_agents: (1..=agents).take(usize::from(failed)).map(|agent| format!("agent-{agent}")).collect(),
            run: Some(Run {
                run_id: "run_1".to_owned(),
                title: "T".to_owned(),
                tickets: vec!["T-1".to_owned()],
                mode: if bootstrap { RunMode::Bootstrap } else { RunMode::Standard },
                state,
                brief: Some(Brief { done_criteria: Some("tests pass".to_owned()), ..Brief::default() }),
                agents: (1..=agents).map(|agent| format!("agent-{agent}")).collect(),
                started_by: Actor::system("test"),
                created_at: Time(0),
                updated_at: Time(0),
                version: 3,
            }),
            controls,
        })
    })
}

fn is_open(control: &Control) -> bool {
    let open = [Some(GuidanceStatus::Pending), Some(GuidanceStatus::NoAnswer)];
    open.contains(&control.guidance.as_ref().map(|asked| asked.status))
}

proptest! {
    #![proptest_config(super::config())]

    // RUN-2, RUN-3, RUN-4, RUN-5
    #[test]
    fn a_run_moves_by_itself_only_where_its_table_leads_and_its_agents_put_it(standing in standing()) {
        let run = standing.run.clone().expect("a run");
        let waiting = standing.controls.iter().any(is_open);
        let own = &standing.controls[1..];
        let proved = |control: &Control| {
            control.completion_pos.is_some()
                && control.validation.as_ref().is_some_and(|validated| validated.status == ValidationStatus::Passed)
        };
        let failed = !standing.failed_agents.is_empty();
        let expected = match run.state {
            RunState::Running | RunState::AwaitingGuidance if failed => Some(RunState::Failed),
            RunState::Running if waiting => Some(RunState::AwaitingGuidance),
            RunState::Running if !own.is_empty() && own.iter().all(proved) => Some(RunState::Completed),
            RunState::AwaitingGuidance if !waiting => Some(RunState::Running),
            _ => None,
        };
        prop_assert_eq!(standing.next_state(), expected);
        if let Some(next) = standing.next_state() {
            prop_assert!(run.state.may_become(next));
        }
    }

    // RUN-10, RUN-11
    #[test]
    fn gates_are_shut_exactly_for_what_is_missing_and_name_who_owes_it(standing in standing()) {
        let run = standing.run.clone().expect("a run");
        let gates = standing.gates();
        let shut = |name: GateName, agent: &str| {
            gates.iter().any(|gate| gate.gate == name && !gate.ok && gate.agent_name.as_deref() == Some(agent))
        };
        for control in &standing.controls {
            prop_assert_eq!(shut(GateName::GuidancePending, &control.agent_name), is_open(control));
        }
        if run.mode == RunMode::Bootstrap {
            for control in &standing.controls[1..] {
                let validated = control.validation.as_ref();
                let agent = &control.agent_name;
                prop_assert_eq!(shut(GateName::CompletionMissing, agent), control.completion_pos.is_none());
                let passed = validated.is_some_and(|validated| validated.status == ValidationStatus::Passed);
                prop_assert_eq!(shut(GateName::ValidationMissing, agent), !passed);
                let agrees = validated.is_some_and(|validated| validated.done_criteria.trim() == "tests pass");
                prop_assert_eq!(shut(GateName::DoneCriteriaMismatch, agent), !agrees);
            }
        }
        prop_assert_eq!(standing.expect_open_gates().is_ok(), gates.iter().all(|gate| gate.ok));
    }
}
