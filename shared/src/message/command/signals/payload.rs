//! The four control payloads: strict, versioned, and checked field by field.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use crate::clock::Time;
use crate::message::command::check::{Check, Deadline};
use crate::value::{OnTimeout, PostKind, ValidationStatus};

/// The one version of the payloads.
const SCHEMA_VERSION: u32 = 1;
/// Longest context, summary or criteria, in characters.
const TEXT_MAX: usize = 16_000;

/// What a control signal says (SPEC SIGNAL-1).
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(tag = "type", rename_all = "snake_case")]
pub enum ControlPayload {
    /// The agent asks, and its run waits.
    GuidanceRequest(GuidanceRequest),
    /// A person answers.
    GuidanceAnswer(GuidanceAnswer),
    /// The agent's work is done.
    Completion(Completion),
    /// Somebody checked the agent's work.
    Validation(Validation),
}

/// An agent's question.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuidanceRequest {
    /// 1.
    pub schema_version: u32,
    /// As in the request.
    pub run_id: String,
    /// As in the request.
    pub agent_name: String,
    /// 1 to 2 000 characters.
    pub question: String,
    /// What to know before answering, at most 16 000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub context: Option<String>,
    /// 0 to 9 distinct answers to choose from, 1 to 200 characters each.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    #[schema(max_items = 9)]
    pub options: Vec<String>,
    /// The answer to take if nobody gives one.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub default: Option<String>,
    /// RFC 3339, in the future.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub deadline: Option<Time>,
    /// What the deadline does; default `wait`.
    #[serde(default)]
    pub on_timeout: OnTimeout,
    /// A name of the agent's own: a request that repeats it is the first one again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key: Option<String>,
}

/// A person's answer.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct GuidanceAnswer {
    /// 1.
    pub schema_version: u32,
    /// As in the request.
    pub run_id: String,
    /// As in the request.
    pub agent_name: String,
    /// 1 to 65 536 bytes.
    pub answer: String,
    /// One of the request's options, if one was chosen.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub option: Option<String>,
    /// The request that is answered; the latest unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
}

/// The agent's word that it is done.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Completion {
    /// 1.
    pub schema_version: u32,
    /// As in the request.
    pub run_id: String,
    /// As in the request.
    pub agent_name: String,
    /// What was done, at most 16 000 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub summary: Option<String>,
    /// What shows it: at most 50 texts of 1 to 2 000 characters, such as links, commands or commit ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
}

/// What a check of the agent's work came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct Validation {
    /// 1.
    pub schema_version: u32,
    /// As in the request.
    pub run_id: String,
    /// As in the request.
    pub agent_name: String,
    /// Whether the work meets the criteria.
    pub status: ValidationStatus,
    /// The criteria it was checked against, 1 to 16 000 characters.
    pub done_criteria: String,
    /// What shows it: at most 50 texts of 1 to 2 000 characters, such as links, commands or commit ids.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub evidence: Vec<String>,
}

impl ControlPayload {
    /// What the payload is as a post.
    #[must_use]
    pub fn kind(&self) -> PostKind {
        match self {
            Self::GuidanceRequest(_) => PostKind::GuidanceRequest,
            Self::GuidanceAnswer(_) => PostKind::GuidanceAnswer,
            Self::Completion(_) => PostKind::Completion,
            Self::Validation(_) => PostKind::Validation,
        }
    }

    /// The words of the post, for people and for the search.
    #[must_use]
    pub fn text(&self) -> String {
        let with = |first: &str, rest: &[String]| {
            let lines = rest.iter().filter(|line| !line.is_empty()).map(String::as_str);
            std::iter::once(first).chain(lines).collect::<Vec<_>>().join("\n\n")
        };
        match self {
            Self::GuidanceRequest(request) => with(&request.question, &[request.context.clone().unwrap_or_default()]),
            Self::GuidanceAnswer(answer) => answer.answer.clone(),
            Self::Completion(completion) => {
                with(completion.summary.as_deref().unwrap_or("Completed."), &completion.evidence)
            }
            Self::Validation(validation) => {
                let verdict = match validation.status {
                    ValidationStatus::Passed => "Validation passed: ",
                    ValidationStatus::Failed => "Validation failed: ",
                };
                with(&format!("{verdict}{}", validation.done_criteria), &validation.evidence)
            }
        }
    }

    /// Version, run and agent that the payload itself names.
    pub(super) fn header(&self) -> (u32, &str, &str) {
        match self {
            Self::GuidanceRequest(of) => (of.schema_version, &of.run_id, &of.agent_name),
            Self::GuidanceAnswer(of) => (of.schema_version, &of.run_id, &of.agent_name),
            Self::Completion(of) => (of.schema_version, &of.run_id, &of.agent_name),
            Self::Validation(of) => (of.schema_version, &of.run_id, &of.agent_name),
        }
    }

    pub(super) fn normalise(self, check: &mut Check, now: Time) -> Self {
        let (version, run_id, agent_name) = self.header();
        if version != SCHEMA_VERSION {
            check.complain("schema_version", "must be 1");
        }
        let schema_version = version;
        let (run_id, agent_name) = (check.name("run_id", run_id, 128), check.name("agent_name", agent_name, 128));
        match self {
            Self::GuidanceRequest(of) => {
                let request = GuidanceRequest {
                    schema_version,
                    run_id,
                    agent_name,
                    question: check.text("question", &of.question, 2000),
                    context: check.optional_text("context", of.context.as_deref(), TEXT_MAX),
                    options: check.options(&of.options),
                    default: check.optional_text("default", of.default.as_deref(), 200),
                    client_key: check.optional_name("client_key", of.client_key.as_deref()),
                    deadline: of.deadline,
                    on_timeout: of.on_timeout,
                };
                check.deadline(&Deadline {
                    at: request.deadline,
                    on_timeout: request.on_timeout,
                    default: request.default.as_deref(),
                    options: &request.options,
                    now,
                });
                Self::GuidanceRequest(request)
            }
            Self::GuidanceAnswer(of) => Self::GuidanceAnswer(GuidanceAnswer {
                schema_version,
                run_id,
                agent_name,
                answer: check.body("answer", &of.answer),
                option: check.optional_text("option", of.option.as_deref(), 200),
                request_id: check.optional_name("request_id", of.request_id.as_deref()),
            }),
            Self::Completion(of) => Self::Completion(Completion {
                schema_version,
                run_id,
                agent_name,
                summary: check.optional_text("summary", of.summary.as_deref(), TEXT_MAX),
                evidence: check.texts("evidence", &of.evidence, 50, 2000),
            }),
            Self::Validation(of) => Self::Validation(Validation {
                schema_version,
                run_id,
                agent_name,
                status: of.status,
                done_criteria: check.text("done_criteria", &of.done_criteria, TEXT_MAX),
                evidence: check.texts("evidence", &of.evidence, 50, 2000),
            }),
        }
    }
}
