//! What an event tells, in one shape whoever sent it.

use super::command::{Command, Purpose};
use super::output::Output;
use super::text::is_among;
use crate::value::ObservationKind;

/// What an event tells.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Told {
    /// Nothing that is worth keeping.
    Nothing,
    /// A person asked for something.
    Asked(String),
    /// Somebody said something: its sentences are judged one by one.
    Said(String),
    /// Somebody said something in order to keep it; it is of this kind if its words do not say otherwise.
    Noted(ObservationKind, String),
    /// Something was decided.
    Decided(Decision),
    /// A command or tests ran.
    Ran(Run),
    /// Files were edited.
    Edited(Vec<Edit>),
    /// Something went wrong.
    Failed(Failure),
    /// Something was committed.
    Committed(Commit),
    /// Something happened to a pull request.
    PullRequest(PullRequest),
    /// Somebody reviewed something.
    Reviewed(Review),
    /// What is left to do.
    ToDo(Vec<String>),
    /// A session ended, with what was said of it.
    Ended(String),
}

/// Something decided.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Decision {
    /// What.
    pub(super) what: String,
    /// Why.
    pub(super) why: Option<String>,
    /// What was weighed against it.
    pub(super) instead: Vec<String>,
    /// Files it concerns.
    pub(super) files: Vec<String>,
}

/// A command that ran.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Run {
    /// What ran.
    pub(super) command: Command,
    /// Its exit code, if it was said.
    pub(super) exit: Option<i64>,
    /// Whether it went well, if that can be told.
    pub(super) passed: Option<bool>,
    /// What it wrote.
    pub(super) output: Output,
}

impl Run {
    /// Whether both are runs of the same thing: one may be about a part of what the other is about.
    pub(super) fn repeats(&self, other: &Self) -> bool {
        let (one, two) = (&self.command, &other.command);
        if one.purpose != two.purpose || !matches!(one.purpose, Purpose::Test | Purpose::Check) {
            return one.purpose == two.purpose && one.shown == two.shown;
        }
        let within = |one: &Command, two: &Command| one.aims.iter().all(|aim| two.aims.contains(aim));
        one.family == two.family && (within(one, two) || within(two, one))
    }

    /// Whether it checked something.
    pub(super) fn is_check(&self) -> bool {
        matches!(self.command.purpose, Purpose::Test | Purpose::Check)
    }

    /// `42 passed, 1 failed`, as far as it was said.
    pub(super) fn counts(&self) -> Option<String> {
        match (self.output.passed, self.output.failed) {
            (Some(passed), Some(failed)) if failed > 0 => Some(format!("{passed} passed, {failed} failed")),
            (Some(passed), _) => Some(format!("{passed} passed")),
            (None, Some(failed)) if failed > 0 => Some(format!("{failed} failed")),
            _ => None,
        }
    }
}

/// A file that was edited.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Edit {
    /// The file.
    pub(super) path: String,
    /// What was said of it.
    pub(super) summary: Option<String>,
    /// What is declared in it now that was not before, such as `fn post`.
    pub(super) declared: Vec<String>,
}

/// Something that went wrong.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Failure {
    /// What.
    pub(super) what: String,
    /// Lines that say more.
    pub(super) lines: Vec<String>,
    /// Where.
    pub(super) place: Option<String>,
    /// The command that was running.
    pub(super) command: Option<String>,
}

/// A commit.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Commit {
    /// The first line of its message.
    pub(super) subject: String,
    /// The other lines.
    pub(super) details: Vec<String>,
    /// Its name, short.
    pub(super) sha: Option<String>,
    /// Its branch.
    pub(super) branch: Option<String>,
    /// Files in it.
    pub(super) files: Vec<String>,
}

impl Commit {
    /// Whether it says that it mends something.
    pub(super) fn is_fix(&self) -> bool {
        let first = self.subject.split(|c: char| !c.is_alphanumeric()).find(|word| !word.is_empty());
        first.is_some_and(|word| is_among(&word.to_lowercase(), "fix|fixes|fixed|hotfix|bugfix"))
    }
}

/// Something that happened to a pull request.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct PullRequest {
    /// What: `opened`, `merged`, `closed` and so on.
    pub(super) what: String,
    /// Its title.
    pub(super) title: String,
    /// Its number.
    pub(super) number: Option<i64>,
    /// Its address.
    pub(super) url: Option<String>,
    /// What it says.
    pub(super) body: Option<String>,
}

/// A review.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Review {
    /// Who reviewed.
    pub(super) by: Option<String>,
    /// Whether it was approved, if that was said.
    pub(super) approved: Option<bool>,
    /// What was said.
    pub(super) text: String,
    /// About which file and line.
    pub(super) place: Option<String>,
}
