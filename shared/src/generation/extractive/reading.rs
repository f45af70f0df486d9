//! Reading an event: what kind of thing it tells of, by its type or else by its payload's shape, and what it tells.

mod acts;
mod facts;

use super::payload::Payload;
use super::text::is_among;
use super::told::Told;
use crate::generation::SourceEvent;
use crate::value::ObservationKind;

/// What kind of thing an event tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Sort {
    Nothing,
    Asked,
    Said,
    Noted,
    Found,
    Decided,
    Tool,
    Command,
    Test,
    Edit,
    Failed,
    Commit,
    PullRequest,
    Review,
    ToDo,
    Ended,
}

/// Types of events as harnesses call them.
const TYPES: &[(Sort, &str)] = &[
    (Sort::Tool, "tool_use|post_tool_use|tool|tool_call|tool_result|tool_completed|tool_response"),
    (Sort::Tool, "function_call|function_call_output|mcp_tool_call_end"),
    (Sort::Nothing, "pre_tool_use|before_shell_execution|before_mcp_execution|before_read_file|command_begin"),
    (Sort::Nothing, "command_started|tool_call_begin|file_read|read_file|file_open|file_opened|read|search"),
    (Sort::Nothing, "session_start|session_started|session_configured|turn_started|task_started|pre_compact"),
    (Sort::Nothing, "notification|heartbeat|ping|progress|status|token_count|usage|metrics|permission_request"),
    (Sort::Asked, "user_prompt|prompt|user_prompt_submit|user_message|user|before_submit_prompt|task|request"),
    (Sort::Said, "message|assistant|response|reply|thought|thinking|reasoning|explanation|analysis|plan"),
    (Sort::Said, "subagent_stop|comment|post"),
    (Sort::Noted, "note|memo|remark|observation|summary|memory"),
    (Sort::Found, "discovery|finding|insight|learning|lesson|root_cause"),
    (Sort::Decided, "decision|decided|choice|design_decision"),
    (Sort::Command, "command|bash|shell|exec|command_execution|command_end|command_run|shell_execution"),
    (Sort::Command, "command_executed|terminal|run_command|build|lint"),
    (Sort::Test, "test|tests|test_run|test_result|test_results|tests_run|ci|check|check_run"),
    (Sort::Edit, "file_edit|edit|file_change|file_changed|file_write|file_edited|file_created|file_written|write"),
    (Sort::Edit, "patch|patch_apply_end|apply_patch|code_change|change"),
    (Sort::Failed, "error|exception|failure|failed|crash|panic|blocked"),
    (Sort::Commit, "commit|git_commit|committed|commit_created"),
    (Sort::PullRequest, "pull_request|pr|pull_request_opened|pull_request_created|pr_opened|pr_created"),
    (Sort::PullRequest, "pull_request_merged|pr_merged|merge_request"),
    (Sort::Review, "review|code_review|review_comment|pull_request_review|review_submitted"),
    (Sort::ToDo, "todo|todos|todo_list|todo_update|follow_up"),
    (Sort::Ended, "session_end|session_ended|stop|session_stop|session_completed|task_complete"),
];

/// What an event tells.
pub(super) fn read(event: &SourceEvent) -> Told {
    let payload = Payload::of(&event.payload);
    let sort = sort_of(&normalised(&event.event_type));
    // A tool's event that names no tool says by its shape what it is.
    let sort = match sort {
        Some(Sort::Tool) if !payload.has(acts::TOOL) => shape_of(&payload),
        Some(sort) => sort,
        None => shape_of(&payload),
    };
    match sort {
        Sort::Nothing => Told::Nothing,
        Sort::Asked => payload.text(&["prompt"]).or_else(|| payload.telling()).map_or(Told::Nothing, Told::Asked),
        Sort::Said => payload.telling().map_or(Told::Nothing, Told::Said),
        Sort::Noted => noted(ObservationKind::Note, &payload),
        Sort::Found => noted(ObservationKind::Discovery, &payload),
        Sort::Decided => facts::decision(&payload),
        Sort::Tool => acts::tool(&payload),
        Sort::Command => acts::command(&payload),
        Sort::Test => acts::tests(&payload),
        Sort::Edit => acts::edits(&payload),
        Sort::Failed => facts::failure(&payload),
        Sort::Commit => facts::commit(&payload),
        Sort::PullRequest => facts::pull_request(&payload),
        Sort::Review => facts::review(&payload),
        Sort::ToDo => facts::to_do(&payload),
        Sort::Ended => facts::ended(&payload),
    }
}

fn noted(kind: ObservationKind, payload: &Payload<'_>) -> Told {
    payload.telling().map_or(Told::Nothing, |text| Told::Noted(kind, text))
}

/// `PostToolUse`, `post-tool-use` and `post.tool use` are `post_tool_use`.
fn normalised(event_type: &str) -> String {
    let mut name = String::with_capacity(event_type.len() + 4);
    let mut previous = '_';
    for c in event_type.chars() {
        let is_word = c.is_uppercase() && (previous.is_lowercase() || previous.is_numeric());
        if (is_word || !c.is_alphanumeric()) && !name.is_empty() && !name.ends_with('_') {
            name.push('_');
        }
        if c.is_alphanumeric() {
            name.extend(c.to_lowercase());
        }
        previous = c;
    }
    name.trim_end_matches('_').to_owned()
}

/// The sort of a type, or of what it ends in: senders put their own name before it.
fn sort_of(name: &str) -> Option<Sort> {
    let mut name = name;
    loop {
        if let Some(sort) = known(name) {
            return Some(sort);
        }
        name = name.split_once('_')?.1;
    }
}

fn known(name: &str) -> Option<Sort> {
    TYPES.iter().find(|(_, names)| is_among(name, names)).map(|(sort, _)| *sort)
}

/// The sort of an event whose type says nothing.
fn shape_of(payload: &Payload<'_>) -> Sort {
    if payload.has(acts::TOOL) {
        Sort::Tool
    } else if payload.has(acts::COMMAND) && payload.has(acts::COMMAND_RESULT) {
        Sort::Command
    } else if payload.count(&["passed"]).is_some() && payload.count(&["failed"]).is_some() {
        Sort::Test
    } else if payload.has(&["sha", "commit_sha"]) {
        Sort::Commit
    } else if payload.has(&["decision"]) {
        Sort::Decided
    } else if payload.has(acts::PATH) && payload.has(acts::NEW) {
        Sort::Edit
    } else if payload.text(&["error", "exception"]).is_some() {
        Sort::Failed
    } else {
        Sort::Noted
    }
}
