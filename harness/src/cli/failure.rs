//! From an error to what a person reads and to the exit code (CLI-3).

use std::fmt::Write;
use std::process::ExitCode;

use serde_json::Value;
use shared::client::{ClientError, ProblemDocument};
use shared::config::ConfigError;

use super::hints::next_step;
use super::output::{Output, OutputError};
use super::text;

/// Arguments that are each right and together wrong.
#[derive(Debug, thiserror::Error)]
#[error("{0}")]
pub(super) struct UsageError(pub(super) String);

/// Prints `error` and answers the exit code.
pub(super) fn report(error: &anyhow::Error, output: &Output) -> ExitCode {
    if error.chain().any(|cause| cause.downcast_ref::<OutputError>().is_some_and(OutputError::is_closed)) {
        return ExitCode::SUCCESS;
    }
    Output::error(&format!("{} {}", output.alarm("error:"), describe(error)));
    ExitCode::from(code(error))
}

/// 2 for what was typed or set, 3 for what a rule of the forum refuses, 1 for all else.
fn code(error: &anyhow::Error) -> u8 {
    for cause in error.chain() {
        if cause.is::<UsageError>() || cause.is::<ConfigError>() {
            return 2;
        }
        match cause.downcast_ref() {
            Some(ClientError::Problem { problem, .. }) if matches!(problem.status, 409 | 422) => return 3,
            Some(ClientError::Address { .. } | ClientError::Key) => return 2,
            _ => {}
        }
    }
    1
}

/// The chain of causes, and what a problem document says beside its text.
fn describe(error: &anyhow::Error) -> String {
    let causes: Vec<_> = error.chain().map(|cause| text::lines(&cause.to_string())).collect();
    let mut description = causes.join(": ");
    let problem = error.chain().find_map(|cause| match cause.downcast_ref() {
        Some(ClientError::Problem { problem, .. }) => Some(problem),
        _ => None,
    });
    if let Some(problem) = problem {
        describe_problem(problem, &mut description);
    }
    description
}

fn describe_problem(problem: &ProblemDocument, text: &mut String) {
    // Writing to a string cannot fail.
    for field in &problem.errors {
        let _ = write!(text, "\n  {}: {}", text::line(&field.pointer), text::line(&field.detail));
    }
    for (name, value) in problem.extra.iter().filter(|(name, _)| !matches!(name.as_str(), "type" | "instance")) {
        if let ("gates", Some(gates)) = (name.as_str(), value.as_array()) {
            text.extend(gates.iter().map(describe_gate));
            continue;
        }
        let value = value.as_str().map_or_else(|| value.to_string(), str::to_owned);
        let _ = write!(text, "\n  {}: {}", text::line(name), text::short(&value, 200));
    }
    let _ = write!(text, "\n  code: {} (HTTP {})", text::line(&problem.code), problem.status);
    if let Some(request_id) = &problem.request_id {
        let _ = write!(text, "\n  request_id: {}", text::line(request_id));
    }
    let _ = write!(text, "\n  next: {}", next_step(&problem.code));
}

/// A gate that is shut: what is missing, who owes it, how it stands.
fn describe_gate(gate: &Value) -> String {
    let member = |name: &str| text::line(gate[name].as_str().unwrap_or("-"));
    format!("\n  {}  {}  {}", member("gate"), member("agent_name"), member("detail"))
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::error::FieldError;

    use super::*;

    fn problem(status: u16, code: &str) -> anyhow::Error {
        let problem = ProblemDocument {
            status,
            code: code.to_owned(),
            detail: Some("it\u{1b}[1m is closed".to_owned()),
            request_id: Some("req_1".to_owned()),
            errors: vec![FieldError::at("body", "is required")],
            ..ProblemDocument::default()
        };
        ClientError::Problem { problem: Box::new(problem), retry_after: None }.into()
    }

    // CLI-3
    #[test]
    fn exit_codes_tell_refusals_from_failures_and_from_wrong_usage() {
        for (status, expected) in [(409, 3), (422, 3), (400, 1), (401, 1), (403, 1), (404, 1), (410, 1), (503, 1)] {
            assert_eq!(code(&problem(status, "x").context("while asking")), expected, "{status}");
        }
        assert_eq!(code(&UsageError("a and b".to_owned()).into()), 2);
        assert_eq!(code(&ConfigError::TakeValue { key: "db" }.into()), 2);
        assert_eq!(code(&ClientError::Address { given: "x".to_owned() }.into()), 2);
        assert_eq!(code(&ClientError::Unreachable { address: "x".to_owned() }.into()), 1);
        assert_eq!(code(&anyhow::anyhow!("anything")), 1);
    }

    // CLI-3
    #[test]
    fn an_error_names_code_request_and_next_step() {
        let expected = "it[1m is closed\n  /body: is required\n  code: thread_closed (HTTP 409)\n  request_id: req_1\n  \
                        next: a closed thread stays closed; go on in a new one: `agentforum forum ask`";
        assert_eq!(describe(&problem(409, "thread_closed")), expected);
    }

    // CLI-3, RUN-11
    #[test]
    fn every_shut_gate_has_a_line_of_its_own() {
        let gates = json!([
            {"gate": "done_criteria_missing", "ok": false, "detail": "the brief does not say"},
            {"gate": "completion_missing", "agent_name": "ada\u{1b}[2J", "ok": false, "detail": "no completion"},
        ]);
        let extra = [("gates".to_owned(), gates)].into_iter().collect();
        let problem = ProblemDocument { status: 422, code: "gate_not_met".to_owned(), extra, ..Default::default() };
        let error = ClientError::Problem { problem: Box::new(problem), retry_after: None }.into();
        let expected = "\n  done_criteria_missing  -  the brief does not say\n  \
                        completion_missing  ada[2J  no completion\n  code: gate_not_met (HTTP 422)\n";
        assert!(describe(&error).contains(expected), "{}", describe(&error));
    }
}
