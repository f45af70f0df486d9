//! What commands are answered with: the receipt, and what the command was about as it shows now.

use http::StatusCode;
use serde::Serialize;
use shared::clock::Time;
use shared::domain::control::Control;
use shared::domain::session::StatusLimits;
use shared::domain::thread::Guidance;
use shared::id::Kind;
use shared::message::command::{ControlPayload, ControlSignal};
use shared::store::commands::{AppliedTo, CommandRow, CommandStatus};
use shared::store::views::run_snapshots::{self, RunView};
use shared::store::views::thread_views::{self, ThreadView};
use shared::store::{Reader, StoreError, controls, threads};
use shared::value::{KeyScope, ValidationStatus};
use utoipa::ToSchema;

/// A command as its acceptance is answered.
#[derive(Debug, Serialize, ToSchema)]
pub struct CommandReceipt {
    /// Identity; `GET /api/v1/commands/{id}` follows it.
    pub command_id: String,
    /// Where it stands.
    pub status: CommandStatus,
    /// Position of its last event, once applied.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pos: Option<i64>,
}

/// An applied command, and how what it was applied to is looked at.
#[derive(Clone, Copy, Debug)]
pub struct Applied<'a> {
    /// The command.
    pub row: &'a CommandRow,
    /// What it was applied to.
    pub to: &'a AppliedTo,
    /// What a session's status is derived with.
    pub derived: (StatusLimits, Time),
}

/// What a kind of command is answered with.
pub trait CommandAnswer: Serialize + Send + Sized + 'static {
    /// The projection that must have reached the command's events; none when what is shown is no read model.
    const PROJECTION: Option<&'static str>;
    /// Either of these scopes allows the command.
    const SCOPES: [KeyScope; 2] = [KeyScope::ForumWrite, KeyScope::ForumWrite];
    /// Whether it causes jobs, so that `wait` asks for those to be over.
    const CAUSES_JOBS: bool = false;

    /// The status of the answer; `done` unless it says otherwise.
    fn status(&self, done: StatusCode) -> StatusCode {
        done
    }

    /// The jobs that it shows and that are not over.
    fn unfinished_jobs(&self) -> Vec<String> {
        Vec::new()
    }

    /// Says that the wait for its jobs ended before they did.
    fn time_out(&mut self) {}

    /// While the command is not finished.
    fn pending(command: CommandReceipt) -> Self;

    /// Once it is applied.
    ///
    /// # Errors
    /// When a read fails or a row is damaged.
    fn read(reader: &mut Reader<'_>, command: CommandReceipt, of: Applied<'_>) -> Result<Self, StoreError>;
}

/// The answer to a thread command.
#[derive(Debug, Serialize, ToSchema)]
pub struct ThreadAnswer {
    /// The command.
    pub command: CommandReceipt,
    /// The thread as it shows now; absent while the command is not finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadView>,
}

fn thread_of(reader: &mut Reader<'_>, row: &CommandRow, applied: &AppliedTo) -> Result<Option<ThreadView>, StoreError> {
    let AppliedTo::Thread { thread_id } = applied else { return Ok(None) };
    thread_views::find(reader, &row.scope.team_id, Some(&row.scope.project_id), thread_id, None)
}

impl CommandAnswer for ThreadAnswer {
    const PROJECTION: Option<&'static str> = Some(thread_views::PROJECTION.name);

    fn pending(command: CommandReceipt) -> Self {
        Self { command, thread: None }
    }

    fn read(
        reader: &mut Reader<'_>,
        command: CommandReceipt,
        Applied { row, to: applied, .. }: Applied<'_>,
    ) -> Result<Self, StoreError> {
        Ok(Self { command, thread: thread_of(reader, row, applied)? })
    }
}

/// The answer to a run command.
#[derive(Debug, Serialize, ToSchema)]
pub struct RunAnswer {
    /// The command.
    pub command: CommandReceipt,
    /// The run as it shows now; absent while the command is not finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub run: Option<RunView>,
}

impl CommandAnswer for RunAnswer {
    const PROJECTION: Option<&'static str> = Some(run_snapshots::PROJECTION.name);

    fn pending(command: CommandReceipt) -> Self {
        Self { command, run: None }
    }

    fn read(
        reader: &mut Reader<'_>,
        command: CommandReceipt,
        Applied { row, to: applied, .. }: Applied<'_>,
    ) -> Result<Self, StoreError> {
        let AppliedTo::Run { run_id } = applied else { return Ok(Self::pending(command)) };
        let run = run_snapshots::find(reader, &row.scope.team_id, Some(&row.scope.project_id), run_id)?;
        Ok(Self { command, run })
    }
}

/// The answer to a control signal.
#[derive(Debug, Serialize, ToSchema)]
pub struct SignalAnswer {
    /// The command.
    pub command: CommandReceipt,
    /// The control thread as it shows now; absent while the command is not finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread: Option<ThreadView>,
    /// What the agent's signals come to; absent while the command is not finished.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub control_state: Option<ControlState>,
}

/// What the signals of an agent in a run come to.
#[derive(Debug, Serialize, ToSchema)]
pub struct ControlState {
    /// The run.
    pub run_id: String,
    /// The agent.
    pub agent_name: String,
    /// How the question stands that the signal asked or answered; after any other signal the latest one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub guidance: Option<Guidance>,
    /// Whether it said that it is done.
    pub completion: bool,
    /// How its work was judged, once it was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub validation_status: Option<ValidationStatus>,
    /// Against which criteria.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub done_criteria: Option<String>,
}

impl ControlState {
    fn of(control: Control, guidance: Option<Guidance>) -> Self {
        let (validation_status, done_criteria) =
            control.validation.map(|validated| (validated.status, validated.done_criteria)).unzip();
        Self {
            run_id: control.run_id,
            agent_name: control.agent_name,
            guidance,
            completion: control.completion_pos.is_some(),
            validation_status,
            done_criteria,
        }
    }
}

impl CommandAnswer for SignalAnswer {
    const PROJECTION: Option<&'static str> = Some(thread_views::PROJECTION.name);

    fn pending(command: CommandReceipt) -> Self {
        Self { command, thread: None, control_state: None }
    }

    fn read(
        reader: &mut Reader<'_>,
        command: CommandReceipt,
        Applied { row, to: applied, .. }: Applied<'_>,
    ) -> Result<Self, StoreError> {
        let thread = thread_of(reader, row, applied)?;
        let (AppliedTo::Thread { thread_id }, Ok(signal)) =
            (applied, serde_json::from_str::<ControlSignal>(&row.payload))
        else {
            return Ok(Self { command, thread, control_state: None });
        };
        // The request that this very signal made, or answered; others may have come since.
        let (client_key, request_id) = match signal.payload {
            ControlPayload::GuidanceRequest(request) => {
                let made = Kind::Command.parse(&row.command_id).map(|command| Kind::Post.with(command));
                (request.client_key, made)
            }
            ControlPayload::GuidanceAnswer(answer) => (None, answer.request_id),
            _ => (None, None),
        };
        let request =
            threads::find_request(reader, &row.scope, thread_id, client_key.as_deref(), request_id.as_deref())?;
        let guidance = request.map(|request| Guidance::of(request.request_id, request.status, request.answer.as_ref()));
        let controls = controls::of_run(reader, &row.scope, &signal.run_id)?;
        let control = controls.into_iter().find(|control| control.agent_name == signal.agent_name);
        Ok(Self { command, thread, control_state: control.map(|control| ControlState::of(control, guidance)) })
    }
}
