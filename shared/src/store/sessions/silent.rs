//! Sessions that nobody reports of: those to be probed, and those of which it was not found out in time whether they live.

use crate::clock::Time;
use crate::store::{Reader, StoreError};
use crate::value::{ProbeResult, Scope, SessionState};

/// A session that can be probed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probeable {
    /// Place in the order of all sessions.
    pub id: i64,
    /// Tenant.
    pub scope: Scope,
    /// The session.
    pub session_id: String,
    /// What runs it; none when that was never said.
    pub runtime_name: Option<String>,
    /// Its name there.
    pub handle: String,
    /// Its present launch.
    pub launch_id: Option<String>,
    /// Where it stands.
    state: SessionState,
    /// What the last probe found.
    probed: Option<(ProbeResult, ProbeResult)>,
}

impl Probeable {
    /// Whether a finding may change anything: the same again does not, unless it is being found out whether it lives.
    #[must_use]
    pub fn is_news(&self, runtime: ProbeResult, process: ProbeResult) -> bool {
        let settled = !matches!(self.state, SessionState::NotStarted | SessionState::Detecting);
        let dead = (runtime, process) == (ProbeResult::Dead, ProbeResult::Dead);
        !settled || dead || self.probed != Some((runtime, process))
    }
}

/// Up to `limit` live sessions with a runtime handle after place `after`, in the order of their start.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn probeable(reader: &mut Reader<'_>, after: i64, limit: u32) -> Result<Vec<Probeable>, StoreError> {
    let params = vec![after.into(), i64::from(limit).into()];
    let rows = reader.rows(include_str!("../sql/list_probeable_sessions.sql"), params)?.into_iter().map(|row| {
        let mut columns = row.columns();
        Ok(Probeable {
            id: columns.integer()?,
            scope: Scope { team_id: columns.text()?, project_id: columns.text()? },
            session_id: columns.text()?,
            runtime_name: columns.optional_text()?,
            handle: columns.text()?,
            launch_id: columns.optional_text()?,
            state: columns.word()?,
            probed: columns.optional_word()?.zip(columns.optional_word()?),
        })
    });
    rows.collect()
}

/// Up to `limit` sessions in doubt since before `since`, each with when that began.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn in_doubt(reader: &mut Reader<'_>, since: Time, limit: u32) -> Result<Vec<(Scope, String, Time)>, StoreError> {
    const SQL: &str = "SELECT team_id, project_id, session_id, detecting_since FROM sessions WHERE state = 'detecting' AND detecting_since <= ?1 ORDER BY detecting_since LIMIT ?2 + 0";
    let rows = reader.rows(SQL, vec![since.0.into(), i64::from(limit).into()])?.into_iter().map(|row| {
        let mut columns = row.columns();
        let scope = Scope { team_id: columns.text()?, project_id: columns.text()? };
        Ok((scope, columns.text()?, columns.time()?))
    });
    rows.collect()
}
