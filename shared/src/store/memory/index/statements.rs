//! What an index is asked, statement by statement.

use serde::Serialize;

use super::{Index, Own};
use crate::id::hex;
use crate::store::memory::found::{FoundKind, Source};
use crate::store::statement::{Value, nullable};
use crate::store::views::search as forum;
use crate::store::words::Having;
use crate::store::{Reader, Row, StoreError};
use crate::value::Word;

impl Index<'_> {
    /// The words that stand for the searched projects in this index.
    pub(super) fn scopes(&self) -> Vec<String> {
        let team_id = &self.search.team_id;
        let word = |project_id: &String| match self.source {
            Source::Post => forum::scope_word(team_id, project_id),
            Source::Observation | Source::PullRequest => {
                format!("s{}0", hex(format!("{team_id}/{project_id}").as_bytes()))
            }
        };
        self.projects.iter().map(word).collect()
    }

    /// The newest documents within a range that match, one more than are looked at; without scopes those of every tenant.
    pub(super) fn find(
        &self,
        reader: &mut Reader<'_>,
        scopes: &[String],
        having: Having<'_>,
        (from, to): (i64, i64),
    ) -> Result<Vec<i64>, StoreError> {
        let sql = match self.source {
            Source::Observation => include_str!("../../sql/find_observation_documents.sql"),
            Source::PullRequest => include_str!("../../sql/find_pull_request_documents.sql"),
            Source::Post => forum::of_generation(
                self.generation,
                include_str!("../../sql/find_search_documents_0.sql"),
                include_str!("../../sql/find_search_documents_1.sql"),
            ),
        };
        let limit = i64::from(self.search.matches_max).saturating_add(1);
        let query = self.search.words.query(scopes, having);
        numbers(reader.rows(sql, vec![query.into(), from.into(), to.into(), limit.into()])?)
    }

    /// Which of the tenant's documents `rows` match.
    pub(super) fn among(
        &self,
        reader: &mut Reader<'_>,
        rows: &[i64],
        having: Having<'_>,
    ) -> Result<Vec<i64>, StoreError> {
        let mut params = self.tenant();
        params.extend([json(rows), self.search.words.query(&[], having).into()]);
        let sql = match self.source {
            Source::Observation => include_str!("../../sql/list_observation_documents_among.sql"),
            Source::PullRequest => include_str!("../../sql/list_pull_request_documents_among.sql"),
            Source::Post => {
                params.push(self.generation.into());
                forum::of_generation(
                    self.generation,
                    include_str!("../../sql/list_search_documents_among_0.sql"),
                    include_str!("../../sql/list_search_documents_among_1.sql"),
                )
            }
        };
        numbers(reader.rows(sql, params)?)
    }

    /// Those of `rows` that are the tenant's, in their order.
    pub(super) fn own(&self, reader: &mut Reader<'_>, rows: &[i64]) -> Result<Vec<Own>, StoreError> {
        if rows.is_empty() {
            return Ok(Vec::new());
        }
        let mut params = self.tenant();
        params.extend([json(rows), nullable(self.search.session_id.clone())]);
        let sql = match self.source {
            Source::Observation => {
                params.push(self.kinds());
                include_str!("../../sql/read_matching_observations.sql")
            }
            Source::PullRequest => include_str!("../../sql/read_matching_pull_requests.sql"),
            Source::Post => {
                params.push(self.generation.into());
                include_str!("../../sql/read_matching_posts.sql")
            }
        };
        let own = |row: Row| {
            let mut columns = row.columns();
            let (row, thread, fits) = (columns.integer()?, columns.optional_text()?, columns.integer()? != 0);
            Ok(Own { row, thread, fits })
        };
        reader.rows(sql, params)?.into_iter().map(own).collect()
    }

    /// The newest `limit` documents of the session that is wanted; `None` if any session will do.
    pub(super) fn rows_of_session(
        &self,
        reader: &mut Reader<'_>,
        limit: usize,
    ) -> Result<Option<Vec<i64>>, StoreError> {
        let Some(session_id) = &self.search.session_id else { return Ok(None) };
        let sql = match self.source {
            Source::Observation => include_str!("../../sql/list_observation_rows_of_session.sql"),
            Source::PullRequest => include_str!("../../sql/list_pull_request_rows_of_session.sql"),
            Source::Post => include_str!("../../sql/list_post_rows_of_session.sql"),
        };
        let mut params = self.tenant();
        let limit = i64::try_from(limit).unwrap_or(i64::MAX);
        params.extend([session_id.clone().into(), self.head.into(), limit.into()]);
        numbers(reader.rows(sql, params)?).map(Some)
    }

    fn tenant(&self) -> Vec<Value> {
        vec![self.search.team_id.clone().into(), nullable(self.search.project_id.clone())]
    }

    /// The kinds of observations that are wanted; nothing if any will do.
    fn kinds(&self) -> Value {
        let of_observations = |kind: &FoundKind| kind.source() == Source::Observation;
        let wanted: Vec<_> = self.search.kinds.iter().copied().filter(of_observations).collect();
        let mut known = FoundKind::ALL.iter().map(|(_, kind)| kind).filter(|kind| of_observations(kind));
        if known.all(|kind| wanted.contains(kind)) { Value::Null } else { json(&wanted) }
    }
}

fn json<T: Serialize>(list: &[T]) -> Value {
    serde_json::to_string(list).unwrap_or_default().into()
}

fn numbers(rows: Vec<Row>) -> Result<Vec<i64>, StoreError> {
    rows.into_iter().map(|row| Ok(row.columns().integer()?)).collect()
}
