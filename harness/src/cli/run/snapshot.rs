//! `run snapshot`: what a run waits for, what that costs, what keeps it from closing, and what to do next. The text is a
//! rendering of the server's one document and of nothing else (RUN-17).

use std::process::ExitCode;

use clap::Args;

use super::views::{AgentView, Blocker, Candidate, Counters, GateView, OpenGuidance, Snapshot, Waiting};
use crate::cli::globals::Globals;
use crate::cli::output::Output;
use crate::cli::text::line;
use crate::cli::{duration, table};

/// Arguments of `run snapshot`.
#[derive(Args)]
pub(in crate::cli) struct Show {
    /// The run's id
    id: String,
}

impl Show {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        let document = session.client.get(&["runs", &self.id, "snapshot"], &[]).await?;
        let output = &session.output;
        if output.json {
            output.json(&document.text)?;
        } else {
            Output::text(&render(output, &document.read()?))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn render(output: &Output, snapshot: &Snapshot) -> String {
    let run = &snapshot.run;
    let facts = [&run.run_id, &run.state, &run.mode].map(|it| line(it)).join("  ");
    let tickets = format!("tickets {}  as of {}", line(&run.tickets.join(", ")), snapshot.as_of_pos);
    let mut blocks = vec![
        [output.strong(&line(&run.title)), facts, tickets, cost(&snapshot.waiting), threads(&snapshot.counters)]
            .join("\n"),
    ];
    if !snapshot.agents.is_empty() {
        let rows: Vec<_> = snapshot.agents.iter().map(agent).collect();
        blocks.push(table::render(output, &AGENTS, &rows).trim_end().to_owned());
    }
    let shut = snapshot.gates.iter().filter(|gate| !gate.ok);
    let helpless = snapshot.unhealthy_agents.iter().map(|name| unhealthy(snapshot, name));
    for (name, lines) in [
        ("unhealthy agents", helpless.collect::<Vec<_>>()),
        ("open questions", snapshot.unresolved_guidance.iter().map(question).collect()),
        ("blockers", snapshot.blockers.iter().map(blocker).collect()),
        ("shut gates", shut.map(gate).collect()),
        ("pull requests", snapshot.agents.iter().flat_map(pull_requests).collect()),
        ("ask for attention", snapshot.escalation_candidates.iter().map(candidate).collect()),
        ("next", snapshot.hints.iter().map(|hint| format!("  {}", line(hint))).collect()),
    ] {
        if !lines.is_empty() {
            blocks.push(format!("{}\n{}", output.strong(name), lines.join("\n")));
        }
    }
    blocks.join("\n\n")
}

fn cost(waiting: &Waiting) -> String {
    let Waiting { blocked_agents, blocked_agent_seconds, longest_seconds } = waiting;
    if *blocked_agents == 0 {
        return "nobody waits for guidance".to_owned();
    }
    let agents = if *blocked_agents == 1 { "agent" } else { "agents" };
    format!(
        "{blocked_agents} {agents} blocked  {} of agent time lost  {} the longest",
        duration::lasting(*blocked_agent_seconds),
        duration::lasting(*longest_seconds)
    )
}

fn threads(counters: &Counters) -> String {
    let Counters { open, unseen, unanswered, waiting_operator, waiting_human } = counters;
    format!(
        "threads: {open} open, {unseen} unseen, {unanswered} unanswered, {waiting_operator} wait for an operator, \
         {waiting_human} for a person"
    )
}

const AGENTS: [&str; 8] =
    ["AGENT", "COMPLETION", "VALIDATION", "GUIDANCE", "SESSION", "STATUS", "HEALTH", "LAST ACTIVITY"];

fn agent(agent: &AgentView) -> Vec<String> {
    let or_none = |text: &Option<String>| text.as_ref().map_or_else(|| "-".to_owned(), |text| line(text));
    let completion = if agent.completion { "yes" } else { "-" };
    vec![
        line(&agent.name),
        completion.to_owned(),
        or_none(&agent.validation),
        or_none(&agent.guidance),
        or_none(&agent.session_id),
        or_none(&agent.status),
        or_none(&agent.health),
        or_none(&agent.last_activity_at),
    ]
}

/// The pull requests of an agent, one line each.
fn pull_requests(agent: &AgentView) -> impl Iterator<Item = String> {
    agent.prs.iter().map(|url| {
        let draft = if agent.draft_prs.contains(url) { "  draft" } else { "" };
        format!("  {}  {}{draft}", line(&agent.name), line(url))
    })
}

/// An agent that somebody should look after, what is wrong with it, and its session.
fn unhealthy(snapshot: &Snapshot, name: &str) -> String {
    let agent = snapshot.agent(name);
    let facts = agent.map(|agent| [&agent.health, &agent.status, &agent.session_id]).into_iter().flatten().flatten();
    std::iter::once(format!("  {}", line(name))).chain(facts.map(|fact| line(fact))).collect::<Vec<_>>().join("  ")
}

/// Who asks what since when, and below it what helps to answer.
fn question(open: &OpenGuidance) -> String {
    let (agent, question) = (line(&open.agent_name), line(&open.question));
    let (status, age) = (line(&open.status), duration::lasting(open.waiting_seconds));
    let mut facts = vec![format!("  {agent}  {status} for {age}: {question}"), line(&open.thread_id)];
    if !open.options.is_empty() {
        let options =
            open.options.iter().enumerate().map(|(index, option)| format!("[{}] {}", index + 1, line(option)));
        facts.push(format!("options {}", options.collect::<Vec<_>>().join("  ")));
    }
    facts.extend(open.default_answer.as_ref().map(|default| format!("default {}", line(default))));
    facts.extend(open.deadline.as_ref().map(|deadline| format!("deadline {}", line(deadline))));
    facts.join("\n    ")
}

fn blocker(blocker: &Blocker) -> String {
    let place =
        blocker.session_id.as_ref().or(blocker.thread_id.as_ref()).map_or_else(|| "-".to_owned(), |id| line(id));
    format!("  {}  {}  {place}: {}", line(&blocker.kind), line(&blocker.agent_name), line(&blocker.detail))
}

fn gate(gate: &GateView) -> String {
    let agent = gate.agent_name.as_ref().map_or_else(|| "-".to_owned(), |agent| line(agent));
    format!("  {}  {agent}  {}", line(&gate.gate), line(&gate.detail))
}

fn candidate(candidate: &Candidate) -> String {
    let [thread, state, priority] = [&candidate.thread_id, &candidate.state, &candidate.priority].map(|it| line(it));
    let untouched = duration::lasting(candidate.untouched_seconds);
    format!("  {thread}  {state}  {priority}  untouched for {untouched}: {}", line(&candidate.title))
}

#[cfg(test)]
mod tests {
    use clap::ColorChoice;
    use serde_json::json;

    use super::*;

    fn text(document: &serde_json::Value) -> String {
        let snapshot = serde_json::from_str(&document.to_string()).expect("a snapshot");
        render(&Output::new(false, true, ColorChoice::Never, false), &snapshot)
    }

    // RUN-15, RUN-17, SEC-6
    #[test]
    fn everything_that_waits_is_shown_with_what_helps_and_no_text_moves_the_cursor() {
        let document = json!({
            "run": {"run_id": "run_1", "title": "Ship\u{1b}[2J it", "state": "awaiting_guidance", "mode": "bootstrap",
                "tickets": ["T-1", "T-2"]},
            "as_of_pos": 17,
            "agents": [{"name": "ada", "session_id": "mer-1", "status": "lost", "health": "dead", "completion": true,
                "validation": "failed", "guidance": "pending", "last_activity_at": "t3",
                "prs": ["https://h/a/b/pull/7", "https://h/a/b/pull/8"], "draft_prs": ["https://h/a/b/pull/8"]},
                {"name": "bob", "completion": false, "validation": null, "guidance": null, "last_activity_at": null}],
            "unresolved_guidance": [{"thread_id": "ctl_1", "agent_name": "ada", "request_id": "pst_1",
                "status": "pending", "question": "Which\ncolour?", "options": ["red", "blue"], "default": "red",
                "deadline": "t9", "asked_at": "t1", "waiting_seconds": 250}],
            "waiting": {"blocked_agents": 1, "blocked_agent_seconds": 250, "longest_seconds": 250},
            "escalation_candidates": [{"thread_id": "thr_1", "title": "Old", "state": "new", "priority": "high",
                "agent_name": null, "untouched_seconds": 7320}],
            "counters": {"open": 3, "unseen": 2, "unanswered": 1, "waiting_operator": 0, "waiting_human": 1},
            "unhealthy_agents": ["ada"],
            "blockers": [{"kind": "guidance", "agent_name": "ada", "thread_id": "ctl_1", "detail": "Which colour?"},
                {"kind": "agent_lost", "agent_name": "ada", "thread_id": null, "session_id": "mer-1", "detail": "gone"}],
            "gates": [{"gate": "brief_missing", "ok": true, "detail": "there is a brief"},
                {"gate": "completion_missing", "agent_name": "bob", "ok": false, "detail": "no completion was sent"}],
            "hints": ["answer ada: agentforum forum answer ctl_1 \"...\""],
        });
        let expected = "\
Ship[2J it
run_1  awaiting_guidance  bootstrap
tickets T-1, T-2  as of 17
1 agent blocked  4m 10s of agent time lost  4m 10s the longest
threads: 3 open, 2 unseen, 1 unanswered, 0 wait for an operator, 1 for a person

AGENT  COMPLETION  VALIDATION  GUIDANCE  SESSION  STATUS  HEALTH  LAST ACTIVITY
ada    yes         failed      pending   mer-1    lost    dead    t3
bob    -           -           -         -        -       -       -

unhealthy agents
  ada  dead  lost  mer-1

open questions
  ada  pending for 4m 10s: Which colour?
    ctl_1
    options [1] red  [2] blue
    default red
    deadline t9

blockers
  guidance  ada  ctl_1: Which colour?
  agent_lost  ada  mer-1: gone

shut gates
  completion_missing  bob  no completion was sent

pull requests
  ada  https://h/a/b/pull/7
  ada  https://h/a/b/pull/8  draft

ask for attention
  thr_1  new  high  untouched for 2h 2m: Old

next
  answer ada: agentforum forum answer ctl_1 \"...\"";
        assert_eq!(text(&document), expected);
    }

    // RUN-17
    #[test]
    fn a_run_that_waits_for_nothing_has_no_empty_lists() {
        let text = text(&json!({"run": {"run_id": "run_1", "title": "T", "state": "running", "mode": "standard"}}));
        assert!(text.contains("\nnobody waits for guidance\n"), "{text}");
        assert_eq!(text.lines().count(), 5, "{text}");
    }
}
