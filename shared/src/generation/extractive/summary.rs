//! What a session came to, in one observation.

use super::batch::{Found, Story};
use super::command::Purpose;
use super::event::{draft, essence};
use super::text::{Body, add, clean, counted, key, line};
use super::told::Run;
use crate::generation::{Draft, Known, Material, PullRequestFact, SessionFacts};
use crate::value::ObservationKind;

/// Entries of one section.
const ENTRIES_MAX: usize = 10;
/// Files that are listed.
const FILES_MAX: usize = 12;
/// Characters of what a title says of the session's subject.
const SUBJECT_MAX: usize = 140;
/// Characters of an entry.
const ENTRY_MAX: usize = 300;

/// What is worth saying of a session, of its events and of what was observed before.
struct Facts {
    decisions: Vec<String>,
    discoveries: Vec<String>,
    changes: Vec<String>,
    files: Vec<(String, usize)>,
    checks: Vec<String>,
    problems: Vec<String>,
    sources: Vec<String>,
}

/// The one observation of a session; none if nothing is known of it.
pub(super) fn draft_of(material: &Material) -> Option<Draft> {
    let facts = material.session.clone().unwrap_or_default();
    let asked = facts.prompt.as_deref().map(clean).filter(|prompt| !prompt.trim().is_empty());
    if material.events.is_empty() && material.observations.is_empty() && asked.is_none() {
        return None;
    }
    let story = Story::of(&material.events);
    let asked = asked.or_else(|| story.asked().map(str::to_owned));
    let said = story.ended().map(str::to_owned);
    let found = gathered(story, material);
    let title = title(&facts, asked.as_deref(), &found);
    let mut body = Body::default();
    if let Some(asked) = &asked {
        body.fact("Request", &line(asked, 500));
    }
    section(&mut body, "Decisions", &found.decisions);
    section(&mut body, "Discoveries", &found.discoveries);
    section(&mut body, "Changes", &changes(&found));
    section(&mut body, "Verification", &checks(&found, material));
    section(&mut body, "Problems", &found.problems);
    section(&mut body, "Pull requests", &pull_requests(material));
    outcome(&mut body, &facts, said.as_deref(), material);
    draft(ObservationKind::Summary, &title, body, &found.sources)
}

fn gathered(story: Story<'_>, material: &Material) -> Facts {
    let files = story.files();
    let checks = story.checks().into_iter().map(shown).collect();
    let found = story.found();
    let mut facts = Facts {
        decisions: Vec::new(),
        discoveries: Vec::new(),
        changes: Vec::new(),
        files,
        checks,
        problems: Vec::new(),
        sources: Vec::new(),
    };
    for Found { draft, is_open, .. } in &found {
        let is_told = match draft.kind {
            ObservationKind::Failure => *is_open,
            ObservationKind::Verification | ObservationKind::Note | ObservationKind::Summary => false,
            _ => true,
        };
        if is_told {
            facts.tell(draft.kind, &draft.title, &draft.body);
            for source in &draft.sources {
                add(&mut facts.sources, source.clone());
            }
        }
    }
    for (at, known) in material.observations.iter().enumerate() {
        // Whether a failure was mended is told by the events, if they are there.
        let is_over = !found.is_empty() || is_mended(&material.observations[at + 1..]);
        let is_change_told = known.kind == ObservationKind::Change && !facts.files.is_empty();
        if !(is_change_told || known.kind == ObservationKind::Failure && is_over) {
            facts.tell(known.kind, &clean(&known.title), &clean(&known.body));
        }
    }
    facts
}

impl Facts {
    /// Adds what an observation says to its section, unless it is there.
    fn tell(&mut self, kind: ObservationKind, title: &str, body: &str) {
        let section = match kind {
            ObservationKind::Decision => &mut self.decisions,
            ObservationKind::Discovery => &mut self.discoveries,
            ObservationKind::Change | ObservationKind::Fix => &mut self.changes,
            ObservationKind::Failure => &mut self.problems,
            ObservationKind::Verification | ObservationKind::Note | ObservationKind::Summary => return,
        };
        let title = line(title, ENTRY_MAX);
        let subject = key(&title);
        if subject.is_empty() || section.iter().any(|known| key(known).starts_with(&subject)) {
            return;
        }
        let why = body.lines().find_map(|said| said.strip_prefix("Why: "));
        section.push(match why.filter(|_| kind == ObservationKind::Decision) {
            Some(why) => line(&format!("{title} (why: {why})"), ENTRY_MAX),
            None => title,
        });
    }
}

/// Whether something was mended or passed among these.
fn is_mended(later: &[Known]) -> bool {
    later.iter().any(|known| matches!(known.kind, ObservationKind::Fix | ObservationKind::Verification))
}

/// A run in one line.
fn shown(run: &Run) -> String {
    let shown = &run.command.shown;
    let what = if run.command.purpose == Purpose::Test { "tests" } else { "check" };
    let how = if run.passed == Some(true) { "pass" } else { "fail" };
    match run.counts() {
        Some(counts) => format!("{what} {how}: {counts} (`{shown}`)"),
        None => format!("{what} {how}: `{shown}`"),
    }
}

/// A name and its entries, a line each; nothing without entries.
fn section(body: &mut Body, name: &str, entries: &[String]) {
    match entries {
        [] => {}
        [one] => body.fact(name, one),
        several => {
            body.say(&format!("{name}:"));
            for entry in several.iter().take(ENTRIES_MAX) {
                body.say(&format!("- {entry}"));
            }
            if several.len() > ENTRIES_MAX {
                body.say(&format!("- and {} more {}", several.len() - ENTRIES_MAX, name.to_lowercase()));
            }
        }
    }
}

/// What was committed, mended and edited, and in which files.
fn changes(found: &Facts) -> Vec<String> {
    // Observations of single files say less than the list of all of them.
    let is_of_file = |change: &&String| !found.files.is_empty() && change.starts_with("Changed ");
    let mut entries: Vec<String> = found.changes.iter().filter(|change| !is_of_file(change)).cloned().collect();
    entries.truncate(ENTRIES_MAX - 1);
    let file = |(path, edits): &(String, usize)| match edits {
        0 => path.clone(),
        edits => format!("{path} ({})", counted(*edits, "edit")),
    };
    let named: Vec<String> = found.files.iter().take(FILES_MAX).map(file).collect();
    if !named.is_empty() {
        let more = found.files.len() - named.len();
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        entries.push(format!("Files: {}{more}", named.join(", ")));
    }
    entries
}

/// The last results of tests and builds, and those of the pull requests.
fn checks(found: &Facts, material: &Material) -> Vec<String> {
    let mut entries = found.checks.clone();
    if entries.is_empty() {
        let of_kind = |known: &&Known| known.kind == ObservationKind::Verification;
        let last = material.observations.iter().rev().find(of_kind);
        entries.extend(last.map(|known| line(&clean(&known.title), ENTRY_MAX)));
    }
    for pull_request in material.pull_requests.iter().filter(|pull_request| pull_request.ci != "unknown") {
        entries.push(line(&clean(&format!("CI is {} on {}", pull_request.ci, pull_request.url)), ENTRY_MAX));
    }
    entries
}

fn pull_requests(material: &Material) -> Vec<String> {
    let shown = |pull_request: &PullRequestFact| {
        let title = pull_request.title.as_deref().map(|title| format!("{title} ")).unwrap_or_default();
        line(&clean(&format!("{title}({}) {}", pull_request.state, pull_request.url)), ENTRY_MAX)
    };
    material.pull_requests.iter().map(shown).collect()
}

/// How the session ended, how long it took, and how much of it was looked at.
fn outcome(body: &mut Body, facts: &SessionFacts, said: Option<&str>, material: &Material) {
    let end = facts.outcome.as_deref().map(clean).unwrap_or_default();
    let reason = facts.end_reason.as_deref().map(clean).or_else(|| said.map(str::to_owned)).unwrap_or_default();
    let reason = line(&reason, ENTRY_MAX);
    let mut parts: Vec<String> = [end, reason].into_iter().filter(|part| !part.trim().is_empty()).collect();
    if let (Some(begin), Some(end)) = (facts.started_at, facts.ended_at) {
        let minutes = end.since(begin).as_secs() / 60;
        let hours = minutes / 60;
        parts.push(if hours > 0 { format!("{hours} h {} min", minutes % 60) } else { format!("{minutes} min") });
    }
    body.fact("Outcome", &parts.join("; "));
    if material.truncated {
        body.say("Only the newest part of the session was looked at.");
    }
}

/// Who worked, on what, and what it was about.
fn title(facts: &SessionFacts, asked: Option<&str>, found: &Facts) -> String {
    let name = |name: Option<&str>| name.map(|name| line(&clean(name), 60)).filter(|name| !name.is_empty());
    let place = name(facts.ticket.as_deref()).or_else(|| name(facts.branch.as_deref()));
    let who = match (name(facts.agent_name.as_deref()), place) {
        (Some(agent), Some(place)) => Some(format!("{agent} on {place}")),
        (Some(one), None) | (None, Some(one)) => Some(one),
        (None, None) => None,
    };
    let first = [&found.decisions, &found.changes, &found.discoveries, &found.problems].into_iter().flatten().next();
    let subject = asked.map(essence).filter(|asked| !asked.is_empty()).or_else(|| first.cloned());
    let subject = subject.map(|subject| line(&subject, SUBJECT_MAX));
    let end = facts.outcome.as_deref().map(|end| line(&clean(end), 40)).filter(|end| !end.is_empty());
    let title = match (who, subject) {
        (Some(who), Some(subject)) => format!("{who}: {subject}"),
        (Some(one), None) => format!("Session of {one}"),
        (None, Some(subject)) => subject,
        (None, None) => "A session without a request".to_owned(),
    };
    match end {
        Some(end) => format!("{title} ({end})"),
        None => title,
    }
}
