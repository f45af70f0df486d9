//! Finding threads: the newest documents that match, ranked by how many words their titles have.
//!
//! Every word must stand in a document, so what tells documents apart is where the words stand: a word in the title counts
//! 2, one in the body 1. The usual relevance of full-text search also weighs how rare each word is in the whole index; that
//! costs a walk over every match of every word, and says nothing about documents that have all the words anyway.

use std::collections::{HashMap, HashSet};

use super::{of_generation, scope_word};
use crate::store::projections;
use crate::store::statement::Value;
use crate::store::words::{Having, Words};
use crate::store::{Reader, StoreError};

/// A thread that was found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hit {
    /// The thread.
    pub thread_id: String,
    /// Its newest post that matches.
    pub post_id: String,
    /// Where it stands in the ranking.
    pub place: Place,
}

/// A place in the ranking: a higher score first, then the newer post.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// 2 for each word in the title, 1 for each word in the body only.
    pub score: i64,
    /// Position of the post's event.
    pub pos: i64,
}

/// What a search found.
#[derive(Clone, Debug, Default)]
pub struct Found {
    /// In the order of the ranking.
    pub hits: Vec<Hit>,
    /// Whether there were more matches than were ranked.
    pub truncated: bool,
    /// Newest position that was looked at.
    pub head: i64,
}

/// The ranked threads of a project; among the newest `matches_max` documents up to `head`, or up to the newest.
///
/// # Errors
/// When a read fails or a row is damaged.
pub fn find(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, &str),
    words: &Words,
    head: Option<i64>,
    matches_max: u32,
) -> Result<Found, StoreError> {
    // Generation and index are read from one snapshot: a replay may switch at any moment.
    reader.snapshot(projections::GENERATIONS, |reader| {
        let checkpoint = projections::live(reader, super::PROJECTION.name)?;
        let mut search = Search { generation: checkpoint.generation, scope: None, words };
        let head = head.map_or(checkpoint.pos, |head| head.min(checkpoint.pos));
        let (range, limit) = ((0, head), matches_max.saturating_add(1));
        // Few matches in the whole index are told apart by their rows: the word of the scope stands in every document of the
        // project, and to meet it costs a walk along all of them. Many matches are restricted by it.
        let mut documents = search.documents(reader, Having::Every, range, limit)?;
        if documents.len() > matches_max as usize {
            search.scope = Some(scope_word(team_id, project_id));
            documents = search.documents(reader, Having::Every, range, limit)?;
        }
        let truncated = documents.len() > matches_max as usize;
        documents.truncate(matches_max as usize);
        let Some(oldest) = documents.last().copied() else { return Ok(Found { head, ..Found::default() }) };
        let mut scores: HashMap<i64, i64> = HashMap::new();
        let every = i64::try_from(words.count()).unwrap_or(i64::MAX);
        for word in 0..words.count() {
            for pos in search.documents(reader, Having::EveryAndInTitle(word), (oldest, head), matches_max)? {
                *scores.entry(pos).or_insert(every) += 1;
            }
        }
        let params = vec![
            checkpoint.generation.into(),
            team_id.to_owned().into(),
            project_id.to_owned().into(),
            serde_json::to_string(&documents).unwrap_or_default().into(),
        ];
        let (mut hits, mut seen) = (Vec::new(), HashSet::new());
        // Newest first, so the first document of a thread is its best: the title is the same in all of them.
        for row in reader.rows(include_str!("../../sql/read_search_documents.sql"), params)? {
            let mut columns = row.columns();
            let (pos, thread_id, post_id) = (columns.integer()?, columns.text()?, columns.text()?);
            if seen.insert(thread_id.clone()) {
                let score = scores.get(&pos).copied().unwrap_or(every);
                hits.push(Hit { thread_id, post_id, place: Place { score, pos } });
            }
        }
        hits.sort_unstable_by_key(|hit| std::cmp::Reverse(hit.place));
        Ok(Found { hits, truncated, head })
    })
}

struct Search<'a> {
    generation: i64,
    scope: Option<String>,
    words: &'a Words,
}

impl Search<'_> {
    /// Positions of matching documents within a range, newest first.
    fn documents(
        &self,
        reader: &mut Reader<'_>,
        having: Having<'_>,
        (from, to): (i64, i64),
        limit: u32,
    ) -> Result<Vec<i64>, StoreError> {
        let sql = of_generation(
            self.generation,
            include_str!("../../sql/find_search_documents_0.sql"),
            include_str!("../../sql/find_search_documents_1.sql"),
        );
        let query = self.words.query(self.scope.as_slice(), having);
        let params: Vec<Value> = vec![query.into(), from.into(), to.into(), i64::from(limit).into()];
        reader.rows(sql, params)?.into_iter().map(|row| Ok(row.columns().integer()?)).collect()
    }
}
