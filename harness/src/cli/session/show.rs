//! `session show`: one session, what it shows and why, where it runs, and its pull requests.

use std::process::ExitCode;

use clap::Args;

use super::views::SessionView;
use crate::cli::globals::Globals;
use crate::cli::output::Output;
use crate::cli::pr::PrFacts;
use crate::cli::table;
use crate::cli::text::{block, line};

/// Arguments of `session show`.
#[derive(Args)]
pub(in crate::cli) struct Show {
    /// The session's id
    id: String,
}

impl Show {
    pub(super) async fn run(self, globals: &Globals) -> anyhow::Result<ExitCode> {
        let session = globals.session()?;
        let document = session.client.get(&["sessions", &self.id], &[]).await?;
        let output = &session.output;
        if output.json {
            output.json(&document.text)?;
        } else {
            Output::text(&render(output, &document.read()?))?;
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn render(output: &Output, of: &SessionView) -> String {
    let mut blocks = vec![format!("{}\n{}", output.strong(&line(&of.session_id)), facts(of))];
    if !of.prs.is_empty() {
        let rows: Vec<_> = of.prs.iter().map(PrFacts::row).collect();
        blocks.push(table::render(output, &PrFacts::HEADING, &rows).trim_end().to_owned());
    }
    blocks.extend(of.prompt.as_ref().map(|prompt| format!("{}\n{}", output.strong("prompt"), block(prompt))));
    blocks.join("\n\n")
}

/// Everything below its id that fits on lines of its own.
fn facts(of: &SessionView) -> String {
    let mut facts = vec![format!("{}  {}", line(&of.status), line(&of.kind)), because(of), state(of), life(of)];
    facts.extend(of.detecting.as_ref().map(|detecting| {
        let (since, attempts) = (line(&detecting.since), detecting.attempts);
        format!("in doubt since {since}, {attempts} reports alike")
    }));
    facts.extend(of.probe.as_ref().map(|probe| {
        let [runtime, process, at] = [&probe.runtime, &probe.process, &probe.at].map(|it| line(it));
        format!("probed {at}: runtime {runtime}, process {process}")
    }));
    let belongs = [
        ("agent", &of.agent_name),
        ("ticket", &of.ticket),
        ("run", &of.run_id),
        ("harness", &of.harness),
        ("external id", &of.external_session_id),
    ];
    let runs = [
        ("runtime", &of.runtime_name),
        ("handle", &of.runtime_handle_id),
        ("launch", &of.launch_id),
        ("agent session", &of.agent_session_id),
    ];
    facts.extend([known(&belongs), workspace(of), known(&runs)].into_iter().flatten());
    facts.push(format!("thread {}", line(&of.control_thread_id)));
    let [by_type, by, created] = [&of.started_by_type, &of.started_by, &of.created_at].map(|it| line(it));
    let (launched, updated) = (line(&of.launched_at), line(&of.updated_at));
    facts.push(format!("started {created} by {by_type} {by}, launched {launched}, updated {updated}"));
    facts.join("\n")
}

/// The fact that decided the status.
fn because(of: &SessionView) -> String {
    let reason = &of.status_reason;
    let whose = reason.url.as_ref().map_or_else(String::new, |url| format!(" of {}", line(url)));
    format!("because {} {}{whose} since {}", line(&reason.fact), line(&reason.value), line(&reason.since))
}

/// Its own state, and what ended it.
fn state(of: &SessionView) -> String {
    let state = format!("state {} since {}", line(&of.state), line(&of.state_since));
    let ended = [&of.termination_reason, &of.end_reason].into_iter().flatten().map(|why| line(why));
    std::iter::once(state).chain(ended).collect::<Vec<_>>().join(": ")
}

/// Whether it lives, and what its agent was last heard to do.
fn life(of: &SessionView) -> String {
    let alive = if of.is_alive { "alive" } else { "not alive" };
    let Some(activity) = &of.activity else { return format!("{alive}, activity unknown") };
    let at = of.activity_at.as_ref().map_or_else(String::new, |at| format!(" at {}", line(at)));
    let source = of.activity_source.as_ref().map_or_else(String::new, |source| format!(" by {}", line(source)));
    format!("{alive}, {}{at}{source}", line(activity))
}

/// Where its work is, and whether all of it is committed.
fn workspace(of: &SessionView) -> Option<String> {
    let places = [("repository", &of.repository), ("branch", &of.branch), ("workspace", &of.workspace_path)];
    let committed = of.workspace_dirty.map(|dirty| if dirty { "not all committed" } else { "all committed" });
    let parts: Vec<_> = known(&places).into_iter().chain(committed.map(str::to_owned)).collect();
    (!parts.is_empty()).then(|| parts.join("  "))
}

/// What is known of these, on one line; none when nothing is.
fn known(parts: &[(&str, &Option<String>)]) -> Option<String> {
    let parts: Vec<_> =
        parts.iter().filter_map(|(name, value)| Some(format!("{name} {}", line(value.as_ref()?)))).collect();
    (!parts.is_empty()).then(|| parts.join("  "))
}

#[cfg(test)]
mod tests {
    use clap::ColorChoice;

    use super::*;

    fn text(document: &str) -> String {
        let of = serde_json::from_str(document).expect("a session");
        render(&Output::new(false, true, ColorChoice::Never, false), &of)
    }

    // SESSION-23, SEC-6
    #[test]
    fn a_session_reads_from_its_status_to_its_prompt_and_no_text_passes_for_a_fact() {
        let document = r#"{"session_id":"mer-1","kind":"worker","ticket":"T-1","run_id":"run_1",
            "agent_name":"ada\u001b[2J","harness":"codex","external_session_id":"x-1",
            "prompt":"ship it\n\nthread none","repository":"acme/shop","branch":"topic","workspace_path":"/w",
            "workspace_dirty":true,"runtime_name":"tmux","runtime_handle_id":"s:1","launch_id":"l-1",
            "started_by":"owner","started_by_type":"human","state":"working","state_since":"t2",
            "is_alive":true,"activity":"active","activity_at":"t3","activity_source":"hook","status":"ci_failed",
            "status_reason":{"fact":"pr_ci","value":"failing","url":"https://h/a/b/pull/7","since":"t4"},
            "probe":{"runtime":"alive","process":"unknown","at":"t5"},"detecting":{"attempts":2,"since":"t5"},
            "prs":[{"url":"https://h/a/b/pull/7","state":"open","review":"none","ci":"failing","unresolved":1}],
            "control_thread_id":"ctl_1","launched_at":"t1","created_at":"t0","updated_at":"t6"}"#;
        let expected = "\
mer-1
ci_failed  worker
because pr_ci failing of https://h/a/b/pull/7 since t4
state working since t2
alive, active at t3 by hook
in doubt since t5, 2 reports alike
probed t5: runtime alive, process unknown
agent ada[2J  ticket T-1  run run_1  harness codex  external id x-1
repository acme/shop  branch topic  workspace /w  not all committed
runtime tmux  handle s:1  launch l-1
thread ctl_1
started t0 by human owner, launched t1, updated t6

PULL REQUEST          STATE  CI       REVIEW  MERGEABILITY  UNRESOLVED
https://h/a/b/pull/7  open   failing  none    unknown       1

prompt
    ship it

    thread none";
        assert_eq!(text(document), expected);
    }

    // SESSION-8, SESSION-23
    #[test]
    fn a_session_that_ended_says_how_and_what_nobody_knows_is_left_out() {
        let shown = text(
            r#"{"session_id":"mer-1","kind":"worker","state":"terminated","state_since":"t2","status":"killed",
            "termination_reason":"manually_killed","end_reason":"not needed","control_thread_id":"ctl_1",
            "status_reason":{"fact":"termination_reason","value":"manually_killed","since":"t2"}}"#,
        );
        let lines: Vec<_> = shown.lines().take(5).collect();
        let expected = [
            "mer-1",
            "killed  worker",
            "because termination_reason manually_killed since t2",
            "state terminated since t2: manually_killed: not needed",
            "not alive, activity unknown",
        ];
        assert_eq!(lines, expected);
        assert_eq!(shown.lines().count(), 7, "its thread and its start follow: {shown}");
    }
}
