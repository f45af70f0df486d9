//! What is found, as it is shown.

use std::collections::HashMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use utoipa::ToSchema;

use super::excerpt::{excerpt, one_line};
use super::index::Index;
use crate::clock::Time;
use crate::store::statement::nullable;
use crate::store::words::Having;
use crate::store::{Reader, Row, StoreError};
use crate::value::{ObservationKind, Word};

/// Characters of a post among which its excerpt is looked for.
const POST_READ: u32 = 20_000;

/// Where something was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Among the observations.
    Observation,
    /// In the forum.
    Post,
    /// Among the facts of pull requests.
    PullRequest,
}

impl Source {
    pub(super) const ALL: [Self; Self::COUNT] = [Self::Observation, Self::Post, Self::PullRequest];
    pub(super) const COUNT: usize = 3;

    /// Its place in [`Source::ALL`].
    pub(super) fn number(self) -> usize {
        match self {
            Self::Observation => 0,
            Self::Post => 1,
            Self::PullRequest => 2,
        }
    }
}

/// What is searched, and what was found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum FoundKind {
    /// An observation of this kind.
    Observation(ObservationKind),
    /// A post.
    Post,
    /// The facts of a pull request.
    PullRequest,
}

impl FoundKind {
    /// Where it is found.
    #[must_use]
    pub fn source(self) -> Source {
        match self {
            Self::Observation(_) => Source::Observation,
            Self::Post => Source::Post,
            Self::PullRequest => Source::PullRequest,
        }
    }
}

impl Word for FoundKind {
    const NAME: &'static str = "kind";
    const ALL: &'static [(&'static str, Self)] = &[
        ("decision", Self::Observation(ObservationKind::Decision)),
        ("discovery", Self::Observation(ObservationKind::Discovery)),
        ("change", Self::Observation(ObservationKind::Change)),
        ("fix", Self::Observation(ObservationKind::Fix)),
        ("failure", Self::Observation(ObservationKind::Failure)),
        ("verification", Self::Observation(ObservationKind::Verification)),
        ("note", Self::Observation(ObservationKind::Note)),
        ("summary", Self::Observation(ObservationKind::Summary)),
        ("post", Self::Post),
        ("pull_request", Self::PullRequest),
    ];
}

impl Serialize for FoundKind {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

impl<'de> Deserialize<'de> for FoundKind {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = std::borrow::Cow::<'de, str>::deserialize(deserializer)?;
        Self::parse(&text).map_err(serde::de::Error::custom)
    }
}

/// Something that was found. Title and snippet are text by others.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, ToSchema)]
pub struct Found {
    /// Where it was found.
    pub source: Source,
    /// The observation, the post, or the address of the pull request.
    pub id: String,
    /// The observation's kind, `post` or `pull_request`.
    #[schema(value_type = String)]
    pub kind: FoundKind,
    /// Its title; of a post, its thread's.
    pub title: String,
    /// What stands around the words.
    pub snippet: String,
    /// The higher, the better it fits: comparable within one answer only.
    pub score: i64,
    /// Project.
    pub project_id: String,
    /// The session that it is about.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub session_id: Option<String>,
    /// The post's thread.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub thread_id: Option<String>,
    /// The pull request's address.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub url: Option<String>,
    /// When it was stored, RFC 3339 UTC; of a pull request, when it was first observed.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
}

/// Something that was found, and its text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What it is.
    pub found: Found,
    /// The beginning of its text, as much as was asked for.
    pub body: String,
}

/// These rows of an index as they are shown, by their numbers.
pub(super) fn items(
    index: &Index<'_>,
    reader: &mut Reader<'_>,
    rows: &[i64],
) -> Result<HashMap<i64, Item>, StoreError> {
    if rows.is_empty() {
        return Ok(HashMap::new());
    }
    let search = index.search;
    let every: Vec<_> = (0..search.words.count()).collect();
    let (sql, key, length) = match index.source {
        Source::Observation => (include_str!("../sql/read_found_observations.sql"), None, search.body_max),
        Source::PullRequest => (include_str!("../sql/read_found_pull_requests.sql"), None, search.body_max),
        Source::Post => {
            (include_str!("../sql/read_found_posts.sql"), Some(index.generation), search.body_max.max(POST_READ))
        }
    };
    let params = vec![
        search.team_id.clone().into(),
        nullable(search.project_id.clone()),
        serde_json::to_string(rows).unwrap_or_default().into(),
        key.map_or_else(|| search.words.query(&[], Having::Any(&every)).into(), Into::into),
        i64::from(length).into(),
    ];
    reader.rows(sql, params)?.into_iter().map(|row| item(index, row)).collect()
}

fn item(index: &Index<'_>, row: Row) -> Result<(i64, Item), StoreError> {
    let mut columns = row.columns();
    let number = columns.integer()?;
    let mut found = Found {
        source: index.source,
        id: columns.text()?,
        project_id: columns.text()?,
        kind: columns.word()?,
        title: columns.text()?,
        session_id: columns.optional_text()?,
        thread_id: columns.optional_text()?,
        url: columns.optional_text()?,
        created_at: columns.time()?,
        snippet: columns.optional_text()?.map(|text| one_line(&text)).unwrap_or_default(),
        score: 0,
    };
    let mut body = columns.text()?;
    // The index of posts has their words and not their texts, so it cannot cut a snippet itself.
    if index.source == Source::Post {
        found.snippet = excerpt(&body, &index.search.words);
        body = body.chars().take(usize::try_from(index.search.body_max).unwrap_or(usize::MAX)).collect();
    }
    Ok((number, Item { found, body }))
}
