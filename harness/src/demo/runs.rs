//! The runs of the play: what each is for, who works in it, what its agents ask, get and prove.

mod gateway;
mod invoices;
mod mobile;
mod production;
mod refunds;
mod storefront;

use serde_json::{Value, json};
use shared::clock::Time;

/// A run with everything that is said in it.
pub(super) struct Run {
    pub(super) title: &'static str,
    pub(super) tickets: [&'static str; 2],
    /// Where its agents' work belongs.
    pub(super) repository: &'static str,
    pub(super) mode: &'static str,
    pub(super) goal: &'static str,
    pub(super) done_criteria: &'static str,
    /// The person who answers its agents and ends it.
    pub(super) lead: &'static str,
    pub(super) agents: [Part; 4],
}

/// What one agent does in its run.
pub(super) struct Part {
    pub(super) name: &'static str,
    /// The ticket about which it asks the forum.
    pub(super) asks: Option<&'static str>,
    pub(super) request: Option<Request>,
    pub(super) proof: Proof,
    /// What is wrong with its work at first.
    pub(super) flaw: Option<Flaw>,
}

/// A guidance request.
pub(super) struct Request {
    pub(super) question: &'static str,
    pub(super) context: &'static str,
    pub(super) options: &'static [&'static str],
    /// Which option the agent would take by itself.
    pub(super) default: usize,
    pub(super) on_timeout: &'static str,
    pub(super) reply: Reply,
}

/// Whether a person answers a request.
pub(super) enum Reply {
    /// Before the deadline.
    InTime(Said),
    /// After it.
    Late(Said),
    /// Never.
    Nobody,
}

/// What a person says.
pub(super) struct Said {
    pub(super) choice: usize,
    pub(super) text: &'static str,
}

/// What an agent shows for its work.
pub(super) struct Proof {
    pub(super) summary: &'static str,
    pub(super) evidence: &'static [&'static str],
}

/// What a check finds.
pub(super) struct Flaw {
    pub(super) finding: &'static str,
    pub(super) repaired: Proof,
}

/// In the order in which they are listed, not in which they start: each has a pace of its own.
pub(super) static RUNS: [Run; 6] =
    [invoices::RUN, storefront::RUN, production::RUN, gateway::RUN, mobile::RUN, refunds::RUN];

/// The request that an agent makes with these options.
pub(super) fn request_of(agent: &str, options: &[String]) -> Option<(&'static Run, &'static Request)> {
    let parts = RUNS.iter().flat_map(|run| run.agents.iter().map(move |part| (run, part)));
    let mut requests = parts.filter(|(_, part)| part.name == agent).filter_map(|(run, part)| {
        let request = part.request.as_ref()?;
        Some((run, request))
    });
    requests.find(|(_, request)| request.is_about(options))
}

/// The payload of a validation.
pub(super) fn validation(status: &str, done_criteria: &str, evidence: &[&str]) -> Value {
    json!({ "type": "validation", "status": status, "done_criteria": done_criteria, "evidence": evidence })
}

impl Run {
    /// The body that starts it.
    pub(super) fn opening(&self) -> Value {
        json!({
            "title": self.title,
            "tickets": self.tickets,
            "mode": self.mode,
            "agents": self.agents.iter().map(|part| part.name).collect::<Vec<_>>(),
            "brief": { "goal": self.goal, "done_criteria": self.done_criteria },
        })
    }
}

impl Request {
    /// The payload that asks. Repeated after a lost connection it is the same request: an agent makes one in a run.
    pub(super) fn payload(&self, deadline: Time) -> Value {
        json!({
            "type": "guidance_request",
            "question": self.question,
            "context": self.context,
            "options": self.options,
            "default": self.options[self.default],
            "deadline": deadline,
            "on_timeout": self.on_timeout,
            "client_key": "first",
        })
    }

    /// Whether a thread with these options is about it.
    pub(super) fn is_about(&self, options: &[String]) -> bool {
        self.options.iter().copied().eq(options.iter().map(String::as_str))
    }

    /// What the agent does once its deadline has passed, in a word and in a sentence.
    pub(super) fn overdue(&self) -> (&'static str, &'static str) {
        match self.on_timeout {
            "park" => ("parks", "nobody answered in time: this part rests until somebody does"),
            _ => ("waits", "nobody answered in time: attention was asked for, and the waiting goes on"),
        }
    }
}

impl Proof {
    /// The payload that says that the work is done.
    pub(super) fn payload(&self) -> Value {
        json!({ "type": "completion", "summary": self.summary, "evidence": self.evidence })
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shared::message::command::{Command, ControlSignal, StartRun};

    use super::super::questions::{QUESTIONS, of_ticket};
    use super::super::{PEOPLE, stage};
    use super::*;

    fn parts() -> impl Iterator<Item = (&'static Run, &'static Part)> {
        RUNS.iter().flat_map(|run| run.agents.iter().map(move |part| (run, part)))
    }

    fn requests() -> impl Iterator<Item = (&'static Part, &'static Request)> {
        parts().filter_map(|(_, part)| Some((part, part.request.as_ref()?)))
    }

    /// What the API makes of a signal.
    fn taken(agent: &str, payload: Value) -> Result<ControlSignal, String> {
        let body = stage::signal("run_1", agent, payload);
        let signal: ControlSignal = serde_json::from_value(body).map_err(|error| error.to_string())?;
        signal.normalise(Time(0)).map_err(|errors| format!("{errors:?}"))
    }

    #[test]
    fn six_runs_of_four_agents_start_as_written_and_each_has_a_person_who_ends_it() {
        let names: BTreeSet<_> = parts().map(|(_, part)| part.name).collect();
        assert_eq!((RUNS.len(), names.len()), (6, 24));
        assert!(names.iter().all(|name| name.len() <= 16), "a column holds no more: {names:?}");
        assert_eq!(RUNS.iter().filter(|run| run.mode == "bootstrap").count(), 3);
        let titles: BTreeSet<_> = RUNS.iter().map(|run| run.title).collect();
        assert_eq!(titles.len(), RUNS.len(), "a run is known by its title");
        for run in &RUNS {
            let start: StartRun = serde_json::from_value(run.opening()).expect("a body that the API knows");
            let start = start.normalise(Time(0)).expect("a body that the API takes");
            assert_eq!(start.brief.and_then(|brief| brief.done_criteria).as_deref(), Some(run.done_criteria));
            assert!(PEOPLE.contains(&run.lead), "{} is nobody", run.lead);
        }
    }

    #[test]
    fn every_question_is_asked_in_the_run_of_its_ticket() {
        let mut asked = BTreeSet::new();
        for (run, part) in parts() {
            let Some(ticket) = part.asks else { continue };
            assert!(of_ticket(ticket).is_some() && run.tickets.contains(&ticket), "{} asks {ticket}", part.name);
            assert!(asked.insert(ticket), "{ticket} twice");
        }
        assert_eq!(asked.len(), QUESTIONS.len());
    }

    #[test]
    fn every_signal_is_one_that_the_api_takes() {
        for (part, request) in requests() {
            taken(part.name, request.payload(Time(1))).unwrap_or_else(|error| panic!("{}: {error}", part.name));
            if let Reply::InTime(said) | Reply::Late(said) = &request.reply {
                assert!(said.choice < request.options.len() && said.text.len() > 10, "{}", part.name);
            }
        }
        for (run, part) in parts() {
            taken(part.name, part.proof.payload()).unwrap_or_else(|error| panic!("{}: {error}", part.name));
            let validation = validation("passed", run.done_criteria, part.proof.evidence);
            taken(part.name, validation).unwrap_or_else(|error| panic!("{}: {error}", part.name));
            assert!(!part.proof.evidence.is_empty(), "{} shows nothing", part.name);
        }
    }

    #[test]
    fn three_requests_meet_their_deadline_each_in_a_way_of_its_own() {
        let overdue = |request: &Request| !matches!(request.reply, Reply::InTime(_));
        let ways: Vec<_> =
            requests().filter(|(_, request)| overdue(request)).map(|(_, request)| request.on_timeout).collect();
        assert_eq!(ways.iter().collect::<BTreeSet<_>>().len(), 3);
        assert_eq!(ways.len(), 3);
        let alone = |request: &Request| matches!(request.reply, Reply::Nobody);
        assert!(requests().all(|(_, request)| !alone(request) || request.on_timeout == "default"), "it would hang");
    }

    #[test]
    fn the_flaw_is_one_and_repaired_by_other_work() {
        let flawed: Vec<_> = parts().filter_map(|(_, part)| Some((part, part.flaw.as_ref()?))).collect();
        let [(part, flaw)] = flawed.as_slice() else { panic!("{} flaws", flawed.len()) };
        assert_ne!(part.proof.summary, flaw.repaired.summary);
        assert!(taken(part.name, validation("failed", "x", &[flaw.finding])).is_ok());
        assert!(taken(part.name, flaw.repaired.payload()).is_ok());
    }

    #[test]
    fn a_request_is_found_by_its_agent_and_its_options() {
        for (part, request) in requests() {
            let options: Vec<_> = request.options.iter().map(|option| (*option).to_owned()).collect();
            let found = request_of(part.name, &options).map(|(_, found)| found.question);
            assert_eq!(found, Some(request.question));
            assert!(request_of(part.name, &options[1..]).is_none());
        }
    }
}
