//! Asking one full-text index: which documents match, which of those are the tenant's, and which words stand where in
//! them.

mod statements;

use std::collections::HashMap;

use super::Search;
use super::found::Source;
use super::rank::{Bits, Standing, bit, bits};
use crate::store::words::Having;
use crate::store::{Reader, StoreError};

/// A session with at most so many documents is searched document by document where the words alone find too many.
const SESSION_DOCUMENTS: usize = 200;

/// One index, and what is asked of it.
pub(super) struct Index<'a> {
    pub(super) source: Source,
    pub(super) search: &'a Search,
    /// The projects that are searched.
    pub(super) projects: &'a [String],
    /// The forum's generation that readers see.
    pub(super) generation: i64,
    /// The newest document that is looked at.
    pub(super) head: i64,
}

/// What matches.
#[derive(Default)]
pub(super) struct Matching {
    /// Numbers of documents, and which words stand where in them.
    pub(super) standings: Vec<(i64, Standing)>,
    /// The newest that was looked at; 0 if none was.
    pub(super) newest: i64,
    /// Words that are in too many documents to be looked for.
    pub(super) aside: Bits,
    /// Whether there are more matches than were looked at.
    pub(super) truncated: bool,
}

/// A document of the tenant's that was looked at.
pub(super) struct Own {
    row: i64,
    /// The thread that it belongs to, if it is a post.
    thread: Option<String>,
    /// Whether it is of the session and the kinds that are wanted.
    fits: bool,
}

/// What was looked at, and how.
#[derive(Default)]
struct Candidates {
    own: Vec<Own>,
    /// Words that tell the tenant's documents from others, where those would take up too much room.
    scopes: Vec<String>,
    /// The words that were looked for, and those that were not.
    words: Vec<usize>,
    aside: Bits,
    /// Whether they are documents of a session, among which more that match may lie than are looked at.
    scattered: bool,
    truncated: bool,
}

impl Index<'_> {
    /// The newest documents with every word, or with some, and which stand where.
    pub(super) fn matching(&self, reader: &mut Reader<'_>, every: bool) -> Result<Matching, StoreError> {
        let mut candidates = self.candidates(reader, every)?;
        // Whatever the filters say: a later page then looks at the same.
        let newest = candidates.own.iter().map(|own| own.row).max().unwrap_or(0);
        let has = if every { bits(self.search.words.count()) } else { 0 };
        let fitting = candidates.own.drain(..).filter(|own| own.fits);
        let standings = fitting.map(|own| (own.row, Standing { thread: own.thread, has, titles: 0 })).collect();
        let standings = self.stand(reader, every, &candidates, standings)?.into_iter().collect();
        Ok(Matching { standings, newest, aside: candidates.aside, truncated: candidates.truncated })
    }

    fn candidates(&self, reader: &mut Reader<'_>, every: bool) -> Result<Candidates, StoreError> {
        let all: Vec<usize> = (0..self.search.words.count()).collect();
        let (mut range, mut of_session) = ((0, self.head), None);
        if let Some(rows) = self.rows_of_session(reader, SESSION_DOCUMENTS + 1)? {
            let (Some(newest), Some(oldest)) = (rows.first(), rows.last()) else { return Ok(Candidates::default()) };
            range = (0, *newest);
            if rows.len() <= SESSION_DOCUMENTS {
                range.0 = *oldest;
                of_session = Some(rows);
            }
        }
        let rows = self.find(reader, &[], having(every, &all), range)?;
        if rows.len() <= self.most() {
            let own = self.own(reader, &rows)?;
            return Ok(Candidates { own, words: all, ..Candidates::default() });
        }
        if let Some(of_session) = of_session {
            let rows = self.among(reader, &of_session, having(every, &all))?;
            let own = self.own(reader, &rows)?;
            return Ok(Candidates { own, words: all, scattered: true, ..Candidates::default() });
        }
        if !every {
            let telling = self.telling(reader, range)?;
            let aside = bits(all.len()) & !telling.iter().fold(0, |set, word| set | bit(*word));
            if aside != 0 && !telling.is_empty() {
                let found = self.newest(reader, Having::Any(&telling), range)?;
                if !found.own.is_empty() {
                    return Ok(Candidates { words: telling, aside, truncated: true, ..found });
                }
            }
        }
        let found = self.newest(reader, having(every, &all), range)?;
        Ok(Candidates { words: all, ..found })
    }

    /// The words that not too many documents have: those with a rare word are not to be missed for the many with a
    /// common one.
    fn telling(&self, reader: &mut Reader<'_>, range: (i64, i64)) -> Result<Vec<usize>, StoreError> {
        let scopes = self.scopes();
        let mut telling = Vec::new();
        for word in 0..self.search.words.count() {
            let having = Having::Any(std::slice::from_ref(&word));
            let is_rare = self.find(reader, &[], having, range)?.len() <= self.most()
                || self.find(reader, &scopes, having, range)?.len() <= self.most();
            if is_rare {
                telling.push(word);
            }
        }
        Ok(telling)
    }

    /// The newest of the tenant's documents within a range. As long as the newest of all are the tenant's, they are told
    /// from others by their rows: to meet the word of the scope costs a walk along everything that the tenant has.
    fn newest(&self, reader: &mut Reader<'_>, having: Having<'_>, range: (i64, i64)) -> Result<Candidates, StoreError> {
        let mut scopes = Vec::new();
        let mut rows = self.find(reader, &scopes, having, range)?;
        let mut own = self.own(reader, &rows)?;
        if rows.len() > self.most() && own.len() < rows.len() {
            scopes = self.scopes();
            rows = self.find(reader, &scopes, having, range)?;
            own = self.own(reader, &rows)?;
        }
        let truncated = rows.len() > self.most();
        own.truncate(self.most());
        Ok(Candidates { own, scopes, truncated, ..Candidates::default() })
    }

    /// Finds out which words stand where in these documents.
    fn stand(
        &self,
        reader: &mut Reader<'_>,
        every: bool,
        candidates: &Candidates,
        mut standings: HashMap<i64, Standing>,
    ) -> Result<HashMap<i64, Standing>, StoreError> {
        let (Some(oldest), Some(newest)) = (standings.keys().min(), standings.keys().max()) else {
            return Ok(standings);
        };
        let range = (*oldest, *newest);
        for word in &candidates.words {
            let one = Having::Any(std::slice::from_ref(word));
            if !every {
                for row in self.places(reader, candidates, &standings, (one, one), range)? {
                    if let Some(standing) = standings.get_mut(&row) {
                        standing.has |= bit(*word);
                    }
                }
            }
            // Of the many with the word in their titles, those that have every word are the candidates.
            let narrow = if every { Having::EveryAndInTitle(*word) } else { Having::InTitle(*word) };
            for row in self.places(reader, candidates, &standings, (Having::InTitle(*word), narrow), range)? {
                if let Some(standing) = standings.get_mut(&row) {
                    standing.titles |= bit(*word);
                }
            }
        }
        Ok(standings)
    }

    /// Which documents have a word, of the candidates and perhaps of others. Where more have it than are looked at, the
    /// narrow query finds the candidates alone.
    fn places(
        &self,
        reader: &mut Reader<'_>,
        candidates: &Candidates,
        standings: &HashMap<i64, Standing>,
        (having, narrow): (Having<'_>, Having<'_>),
        range: (i64, i64),
    ) -> Result<Vec<i64>, StoreError> {
        let rows = self.find(reader, &[], having, range)?;
        if rows.len() <= self.most() {
            return Ok(rows);
        }
        if candidates.scattered {
            return self.among(reader, &standings.keys().copied().collect::<Vec<_>>(), having);
        }
        self.find(reader, &candidates.scopes, narrow, range)
    }

    /// How many documents are looked at.
    fn most(&self) -> usize {
        self.search.matches_max as usize
    }
}

/// Documents with every word, or with some of these.
fn having(every: bool, some: &[usize]) -> Having<'_> {
    if every { Having::Every } else { Having::Any(some) }
}
