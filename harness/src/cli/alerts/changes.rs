//! What is worth an alert: a run's snapshot compared with what was told of it before.

use std::collections::BTreeSet;

use serde::Serialize;

use crate::cli::run::{RunView, Snapshot};
use crate::cli::text;

const GUIDANCE_NEEDED: &str = "guidance_needed";
const RUN_DONE: &str = "run_done";
const RUN_FAILED: &str = "run_failed";
const RUN_STOPPED: &str = "run_stopped";
const AGENT_UNHEALTHY: &str = "agent_unhealthy";

/// Questions and titles are cut here for people.
const TITLE_WIDTH: usize = 160;

/// One thing that somebody should know.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(super) struct Alert {
    /// Which of the alerts it is.
    #[serde(rename = "alert")]
    pub(super) kind: &'static str,
    pub(super) run_id: String,
    /// The agent that waits, or that somebody should look after.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) agent_name: Option<String>,
    /// Where to answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(super) thread_id: Option<String>,
    /// The question, or else the run's title.
    pub(super) title: String,
    /// What to do next.
    pub(super) hint: String,
    /// Everything up to this position was looked at.
    pub(super) at_pos: i64,
}

impl Alert {
    /// For people: what happened on one line, what to do below it.
    pub(super) fn describe(&self) -> String {
        let agent = self.agent_name.as_ref().map_or_else(String::new, |agent| format!("  {}", text::line(agent)));
        let (run, title) = (text::line(&self.run_id), text::short(&self.title, TITLE_WIDTH));
        format!("{}  {run}{agent}: {title}\n  {}", self.kind, text::line(&self.hint))
    }
}

/// What was told of a run.
#[derive(Debug, Default)]
pub(super) struct Seen {
    /// Everything up to this position was looked at.
    pub(super) as_of_pos: i64,
    state: String,
    state_since: String,
    /// Requests for guidance, by id.
    requests: BTreeSet<String>,
    /// Agents that are unhealthy, by name.
    unhealthy: BTreeSet<String>,
}

impl Seen {
    /// Remembers that everything in `snapshot` was told.
    pub(super) fn note(&mut self, snapshot: &Snapshot) {
        self.as_of_pos = self.as_of_pos.max(snapshot.as_of_pos);
        self.state.clone_from(&snapshot.run.state);
        self.state_since.clone_from(&snapshot.run.state_since);
        self.requests.extend(snapshot.unresolved_guidance.iter().map(|open| open.request_id.clone()));
        // What was not told while the run was paused is told once it goes on; who recovers is told of anew.
        let told = |agent: &&String| !is_paused(snapshot) || self.unhealthy.contains(*agent);
        self.unhealthy = snapshot.unhealthy_agents.iter().filter(told).cloned().collect();
    }

    /// Whether the run has ended for good.
    pub(super) fn is_closed(&self) -> bool {
        self.state == "closed"
    }
}

/// What `snapshot` says that was not told before. Of a run that was never looked at, everything that stands is new.
pub(super) fn alerts(before: Option<&Seen>, snapshot: &Snapshot) -> Vec<Alert> {
    let run = &snapshot.run;
    let alert = |kind, hint| Alert {
        kind,
        run_id: run.run_id.clone(),
        agent_name: None,
        thread_id: None,
        title: run.title.clone(),
        hint,
        at_pos: snapshot.as_of_pos,
    };
    let is_new = |request: &String| !before.is_some_and(|seen| seen.requests.contains(request));
    let asked = snapshot.unresolved_guidance.iter().filter(|open| is_new(&open.request_id));
    let needed = asked.map(|open| Alert {
        agent_name: Some(open.agent_name.clone()),
        thread_id: Some(open.thread_id.clone()),
        title: open.question.clone(),
        ..alert(GUIDANCE_NEEDED, hint(snapshot, Some(&open.thread_id)))
    });
    let is_new = |agent: &&String| !before.is_some_and(|seen| seen.unhealthy.contains(*agent));
    let unhealthy = snapshot.unhealthy_agents.iter().filter(|_| !is_paused(snapshot)).filter(is_new);
    let unhealthy = unhealthy
        .map(|agent| Alert { agent_name: Some(agent.clone()), ..alert(AGENT_UNHEALTHY, look_after(snapshot, agent)) });
    let ended = entered(before, run).map(|kind| alert(kind, hint(snapshot, None)));
    needed.chain(unhealthy).chain(ended).collect()
}

/// Whether somebody halted the run: nobody expects its agents to get on.
fn is_paused(snapshot: &Snapshot) -> bool {
    snapshot.run.state == "paused"
}

/// The alert that a state is worth; a run that is closed was completed before.
fn alert_of(state: &str) -> Option<&'static str> {
    match state {
        "completed" | "closing" | "closed" => Some(RUN_DONE),
        "failed" => Some(RUN_FAILED),
        "stopped" => Some(RUN_STOPPED),
        _ => None,
    }
}

/// The alert of the run's state, if the run has entered it since.
fn entered(before: Option<&Seen>, run: &RunView) -> Option<&'static str> {
    let alert = alert_of(&run.state)?;
    // The same state since another time was left and entered again; completed and then closed is one change.
    let told = |seen: &Seen| {
        alert_of(&seen.state) == Some(alert) && (seen.state != run.state || seen.state_since == run.state_since)
    };
    (!before.is_some_and(told)).then_some(alert)
}

/// The snapshot's next steps that are about a question's thread, or else those about no question.
fn hint(snapshot: &Snapshot, thread_id: Option<&str>) -> String {
    let fits = |hint: &str| match thread_id {
        Some(thread_id) => hint.contains(thread_id),
        None => !snapshot.unresolved_guidance.iter().any(|open| hint.contains(&open.thread_id)),
    };
    let hints: Vec<_> = snapshot.hints.iter().map(String::as_str).filter(|hint| fits(hint)).collect();
    if hints.is_empty() {
        return format!("look at it: agentforum run snapshot {}", snapshot.run.run_id);
    }
    hints.join("; ")
}

/// The snapshot's next steps that name the agent's session, or else where to look at it.
fn look_after(snapshot: &Snapshot, name: &str) -> String {
    let agent = snapshot.agent(name);
    let Some(session_id) = agent.and_then(|agent| agent.session_id.as_deref()) else {
        return format!("look at it: agentforum run snapshot {}", snapshot.run.run_id);
    };
    let hints = snapshot.hints.iter().map(String::as_str);
    let hints: Vec<_> = hints.filter(|hint| hint.split_whitespace().any(|word| word == session_id)).collect();
    if !hints.is_empty() {
        return hints.join("; ");
    }
    let health = agent.and_then(|agent| agent.health.as_deref()).unwrap_or("unhealthy");
    format!("{name} is {health}: agentforum session show {session_id}")
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::*;

    fn snapshot(state: &str, since: &str, requests: &[(&str, &str)]) -> Snapshot {
        let open: Vec<Value> = requests
            .iter()
            .map(|(agent, request)| {
                json!({"thread_id": format!("ctl_{agent}"), "agent_name": agent, "request_id": request,
                    "question": "Which?"})
            })
            .collect();
        let answers = requests.iter().map(|(agent, _)| format!("answer {agent}: agentforum forum answer ctl_{agent}"));
        let steps = ["go on with it: agentforum run state run_1 running".to_owned()];
        let hints: Vec<String> = answers.chain(steps).collect();
        let document = json!({"run": {"run_id": "run_1", "title": "Ship it", "state": state, "state_since": since},
            "as_of_pos": 7, "unresolved_guidance": open, "hints": hints});
        serde_json::from_value(document).expect("a snapshot")
    }

    /// What is told of each snapshot when they are seen one after the other.
    fn told(snapshots: &[Snapshot]) -> Vec<String> {
        let mut seen = None::<Seen>;
        let mut told = Vec::new();
        for snapshot in snapshots {
            let new = alerts(seen.as_ref(), snapshot);
            told.push(new.iter().map(|alert| alert.kind).collect::<Vec<_>>().join(" "));
            seen.get_or_insert_default().note(snapshot);
        }
        told
    }

    // RUN-22
    #[test]
    fn each_request_is_told_once_however_often_it_is_seen() {
        let snapshots = [
            snapshot("awaiting_guidance", "t1", &[("ada", "pst_1")]),
            snapshot("awaiting_guidance", "t1", &[("ada", "pst_1"), ("bob", "pst_2")]),
            snapshot("awaiting_guidance", "t1", &[("bob", "pst_2")]),
            snapshot("running", "t2", &[]),
            snapshot("awaiting_guidance", "t3", &[("ada", "pst_3"), ("bob", "pst_2")]),
        ];
        let expected = [GUIDANCE_NEEDED, GUIDANCE_NEEDED, "", "", GUIDANCE_NEEDED];
        assert_eq!(told(&snapshots), expected);
    }

    // RUN-22
    #[test]
    fn an_end_is_told_once_per_entry_and_completed_and_closed_are_one() {
        let row = |states: &[(&str, &str)]| {
            told(&states.iter().map(|(state, since)| snapshot(state, since, &[])).collect::<Vec<_>>())
        };
        assert_eq!(
            row(&[("running", "t1"), ("completed", "t2"), ("completed", "t2"), ("closed", "t3")]),
            ["", RUN_DONE, "", ""]
        );
        assert_eq!(row(&[("running", "t1"), ("closed", "t3"), ("closed", "t3")]), ["", RUN_DONE, ""]);
        assert_eq!(row(&[("completed", "t1"), ("running", "t2"), ("completed", "t3")]), [RUN_DONE, "", RUN_DONE]);
        assert_eq!(row(&[("failed", "t1"), ("failed", "t1"), ("failed", "t2")]), [RUN_FAILED, "", RUN_FAILED]);
        assert_eq!(row(&[("stopping", "t1"), ("stopped", "t2"), ("failed", "t3")]), ["", RUN_STOPPED, RUN_FAILED]);
        assert_eq!(row(&[("paused", "t1"), ("created", "t1")]), ["", ""]);
    }

    fn unhealthy(state: &str, agents: &[&str]) -> Snapshot {
        let unhealthy_agents = agents.iter().map(|agent| (*agent).to_owned()).collect();
        Snapshot { unhealthy_agents, ..snapshot(state, "t1", &[]) }
    }

    // RUN-22
    #[test]
    fn an_unhealthy_agent_is_told_once_until_it_recovers_and_not_while_the_run_is_paused() {
        let snapshots = [
            unhealthy("running", &["ada"]),
            unhealthy("running", &["ada", "bob"]),
            unhealthy("running", &["bob"]),
            unhealthy("awaiting_guidance", &["ada", "bob"]),
            unhealthy("paused", &["ada", "bob", "eve"]),
            unhealthy("running", &["ada", "bob", "eve"]),
            unhealthy("running", &["ada", "bob", "eve"]),
        ];
        let one = AGENT_UNHEALTHY;
        assert_eq!(told(&snapshots), [one, one, "", one, "", one, ""]);
    }

    // RUN-22
    #[test]
    fn where_to_look_after_an_agent_is_its_session_and_the_servers_word_comes_first() {
        let mut found = unhealthy("running", &["ada"]);
        let mut hint = |agents: Value, hints: &[&str]| {
            found.agents = serde_json::from_value(agents).expect("agents");
            found.hints = hints.iter().map(|hint| (*hint).to_owned()).collect();
            alerts(None, &found)[0].hint.clone()
        };
        assert_eq!(hint(json!([]), &[]), "look at it: agentforum run snapshot run_1");
        let ada = json!([{"name": "ada", "session_id": "mer-1", "health": "dead"}]);
        assert_eq!(hint(ada.clone(), &["kill mer-12 now"]), "ada is dead: agentforum session show mer-1");
        assert_eq!(hint(ada, &["kill mer-12 now", "restore mer-1"]), "restore mer-1");
    }

    // RUN-22, CLI-2
    #[test]
    fn an_alert_names_its_agent_and_the_next_step_of_its_own() {
        let open = [("ada", "pst_1"), ("bob", "pst_2")];
        let found = alerts(None, &snapshot("failed", "t1", &open));
        let documents: Vec<Value> = found.iter().filter_map(|alert| serde_json::to_value(alert).ok()).collect();
        let ada = json!({"alert": "guidance_needed", "run_id": "run_1", "agent_name": "ada", "thread_id": "ctl_ada",
            "title": "Which?", "hint": "answer ada: agentforum forum answer ctl_ada", "at_pos": 7});
        let failed = json!({"alert": "run_failed", "run_id": "run_1", "title": "Ship it",
            "hint": "go on with it: agentforum run state run_1 running", "at_pos": 7});
        assert_eq!((documents.len(), &documents[0], &documents[2]), (3, &ada, &failed));
        let lines = found[0].describe();
        assert_eq!(lines, "guidance_needed  run_1  ada: Which?\n  answer ada: agentforum forum answer ctl_ada");
        let closed = Snapshot { hints: Vec::new(), ..snapshot("closed", "t2", &[]) };
        assert_eq!(alerts(None, &closed)[0].hint, "look at it: agentforum run snapshot run_1");
    }

    // SEC-6
    #[test]
    fn what_an_agent_asks_stays_on_its_line() {
        let mut asked = snapshot("awaiting_guidance", "t1", &[("ada", "pst_1")]);
        asked.unresolved_guidance[0].question = "a\nrun_done\u{1b}[2J".to_owned();
        let lines = alerts(None, &asked)[0].describe();
        assert_eq!(lines.lines().next(), Some("guidance_needed  run_1  ada: a run_done[2J"));
    }
}
