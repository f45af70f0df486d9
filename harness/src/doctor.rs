//! The checks of `agentforum doctor`: each a function from facts to a finding, so that good and bad days can be told
//! apart without having them. Gathering the facts is `gather`.

mod database;
mod deployment;
mod files;
mod gather;
mod provider;
mod server;

use serde::Serialize;

pub(crate) use gather::{Means, examine};

/// How a check ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Verdict {
    /// As it should be, or not to be judged now.
    Ok,
    /// Works, and will not always.
    Warning,
    /// Does not work.
    Failed,
}

/// What one check found.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub(crate) struct Finding {
    /// What was checked.
    pub(crate) check: &'static str,
    /// How it ended.
    pub(crate) verdict: Verdict,
    /// What was found.
    pub(crate) detail: String,
    /// The command or setting that helps; every finding that is not ok has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub(crate) fix: Option<String>,
}

impl Finding {
    fn ok(check: &'static str, detail: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Ok, detail: detail.into(), fix: None }
    }

    fn warning(check: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Warning, detail: detail.into(), fix: Some(fix.into()) }
    }

    /// Does not work.
    pub(crate) fn failed(check: &'static str, detail: impl Into<String>, fix: impl Into<String>) -> Self {
        Self { check, verdict: Verdict::Failed, detail: detail.into(), fix: Some(fix.into()) }
    }
}

impl Finding {
    /// The settings could be read; what deserves a warning is a name that means nothing.
    pub(crate) fn settings(warnings: &[String]) -> Self {
        const CHECK: &str = "configuration";
        if warnings.is_empty() {
            return Self::ok(CHECK, "every setting is valid");
        }
        Self::warning(
            CHECK,
            warnings.join("; "),
            "correct or remove what is named; `agentforum config` lists the settings",
        )
    }
}

/// Sizes as people read them.
fn size(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    let unit = units.into_iter().find(|(unit, _)| bytes >= *unit);
    unit.map_or_else(|| format!("{bytes} bytes"), |(unit, name)| format!("{} {name}", bytes / unit))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The verdict, after checking that the finding is complete.
    pub(super) fn verdict(finding: &Finding) -> Verdict {
        assert_eq!(finding.fix.is_some(), finding.verdict != Verdict::Ok, "{finding:?}");
        assert!(!finding.detail.is_empty(), "{finding:?}");
        finding.verdict
    }

    // CLI-10, CONFIG-2
    #[test]
    fn a_variable_that_names_no_setting_warns() {
        assert_eq!(verdict(&Finding::settings(&[])), Verdict::Ok);
        assert_eq!(verdict(&Finding::settings(&["AGENTFORUM_LEESE names no setting".to_owned()])), Verdict::Warning);
    }

    #[test]
    fn sizes_are_in_the_largest_unit_they_fill() {
        assert_eq!([size(9), size(2048), size(5 << 20), size(3 << 30)], ["9 bytes", "2 KiB", "5 MiB", "3 GiB"]);
    }
}
