//! Lanes that a team has paused, for one project or for all of its own. Jobs go on to be queued; nobody works on them.

use crate::clock::Time;
use crate::store::statement::{Statement, Value, nullable};
use crate::store::{Reader, StoreError};
use crate::value::{JobKind, Word};

/// Most doorbells that go out when a lane goes on: one would do, since the lane takes all that waits.
const RUNG_MAX: i64 = 100;

/// A paused lane.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pause {
    /// For one project; none for the whole team.
    pub project_id: Option<String>,
    /// Which lane.
    pub kind: JobKind,
    /// Who paused it, as `type:name`.
    pub paused_by: String,
    /// When.
    pub paused_at: Time,
}

/// What is paused for a project, or for anything of a team.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn pauses(reader: &mut Reader<'_>, (team_id, project_id): (&str, Option<&str>)) -> Result<Vec<Pause>, StoreError> {
    let params = vec![team_id.to_owned().into(), nullable(project_id.map(str::to_owned))];
    let mut pauses = Vec::new();
    for row in reader.rows(include_str!("../sql/list_lane_pauses.sql"), params)? {
        let mut columns = row.columns();
        pauses.push(Pause {
            project_id: Some(columns.text()?).filter(|project_id| !project_id.is_empty()),
            kind: columns.word()?,
            paused_by: columns.text()?,
            paused_at: columns.time()?,
        });
    }
    Ok(pauses)
}

/// The statement that pauses a lane for a project, or for a whole team.
#[must_use]
pub fn pause((team_id, project_id): (&str, Option<&str>), kind: JobKind) -> Statement {
    Statement::new(include_str!("../sql/insert_lane_pause.sql"), key(team_id, project_id, kind))
}

/// The statements that end such a pause and, if the lane is `enabled`, ring for what waits behind it and behind no other.
#[must_use]
pub fn resume((team_id, project_id): (&str, Option<&str>), kind: JobKind, enabled: bool) -> Vec<Statement> {
    const SQL: &str = "DELETE FROM lane_pauses WHERE team_id = ?1 AND project_id = ?2 AND kind = ?3";
    let mut statements = vec![Statement::new(SQL, key(team_id, project_id, kind))];
    if enabled {
        let queued: Vec<Value> =
            vec![team_id.to_owned().into(), nullable(project_id.map(str::to_owned)), kind.as_str().into()];
        let mut rung = queued.clone();
        rung.push(RUNG_MAX.into());
        statements.extend([
            Statement::new(include_str!("../sql/update_resumed_jobs.sql"), queued),
            Statement::new(include_str!("../sql/ring_resumed_jobs.sql"), rung),
        ]);
    }
    statements
}

/// An empty project stands for all of the team's.
fn key(team_id: &str, project_id: Option<&str>, kind: JobKind) -> Vec<Value> {
    vec![team_id.to_owned().into(), project_id.unwrap_or_default().to_owned().into(), kind.as_str().into()]
}
