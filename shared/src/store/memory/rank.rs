//! How what was found is ranked: documents with every word first; then by which words they have, each weighing more the
//! fewer of the found have it, and twice in a title; then the newest.

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet, VecDeque};

use serde::{Deserialize, Serialize};

use super::found::Source;
use super::index::Matching;
use crate::clock::Time;

/// A set of words, one bit for each.
pub(super) type Bits = u16;

/// Of what a word weighs that all of the found have.
const WEIGHT: i64 = 100;

/// The set of this word alone.
pub(super) fn bit(word: usize) -> Bits {
    1 << word
}

/// The set of the first `count` words.
pub(super) fn bits(count: usize) -> Bits {
    (0..count).fold(0, |all, word| all | bit(word))
}

/// Which words stand where in a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Standing {
    /// The thread that it belongs to, if it is a post.
    pub(super) thread: Option<String>,
    /// Words in title or body.
    pub(super) has: Bits,
    /// Words in the title.
    pub(super) titles: Bits,
}

impl Standing {
    fn score(&self, weights: &[i64]) -> i64 {
        let scores = weights.iter().enumerate().map(|(word, weight)| {
            let times = i64::from(self.has & bit(word) != 0) + i64::from(self.titles & bit(word) != 0);
            weight.saturating_mul(times)
        });
        scores.fold(0, i64::saturating_add)
    }
}

/// A place in the ranking of one source.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub(super) struct Place {
    /// Whether the document has every word.
    #[serde(rename = "e")]
    every: bool,
    #[serde(rename = "s")]
    pub(super) score: i64,
    /// The document's number in its index: a newer one has a higher number.
    #[serde(rename = "r")]
    pub(super) row: i64,
}

/// Everything that was found, not yet in order.
pub(super) struct Ranking {
    words: usize,
    standings: HashMap<(Source, i64), Standing>,
    /// Words that were left aside somewhere, being in too many documents.
    aside: Bits,
    /// Of each source the newest that was looked at.
    pub(super) newest: [i64; Source::COUNT],
    /// Whether there were more matches than were looked at.
    pub(super) truncated: bool,
}

impl Ranking {
    pub(super) fn of(words: usize) -> Self {
        Self { words, standings: HashMap::new(), aside: 0, newest: [0; Source::COUNT], truncated: false }
    }

    pub(super) fn add(&mut self, source: Source, matching: Matching) {
        let newest = &mut self.newest[source.number()];
        *newest = (*newest).max(matching.newest);
        self.aside |= matching.aside;
        self.truncated |= matching.truncated;
        for (row, standing) in matching.standings {
            // What has every word was found with all of them before.
            self.standings.entry((source, row)).or_insert(standing);
        }
    }

    /// How many there are; of a thread one.
    pub(super) fn count(&self) -> usize {
        let threads: HashSet<_> = self.standings.values().filter_map(|standing| standing.thread.as_deref()).collect();
        threads.len() + self.standings.values().filter(|standing| standing.thread.is_none()).count()
    }

    /// What each word weighs.
    pub(super) fn weights(&self) -> Vec<i64> {
        let of_word = |word| {
            if self.aside & bit(word) != 0 {
                return WEIGHT;
            }
            let having = self.standings.values().filter(|standing| standing.has & bit(word) != 0);
            weight(self.standings.len(), having.count())
        };
        (0..self.words).map(of_word).collect()
    }

    /// The places of one source, the best first; of a thread its best.
    pub(super) fn places(&self, source: Source, weights: &[i64]) -> Vec<Place> {
        let all = bits(self.words);
        // They may come back from a client.
        let weights = &weights[..weights.len().min(self.words)];
        let own = self.standings.iter().filter(|((of, _), _)| *of == source);
        let mut places: Vec<_> = own
            .map(|((_, row), standing)| {
                let place = Place { every: standing.has == all, score: standing.score(weights), row: *row };
                (place, standing.thread.as_deref())
            })
            .collect();
        places.sort_unstable_by_key(|(place, _)| Reverse(*place));
        let mut threads = HashSet::new();
        places.retain(|(_, thread)| thread.is_none_or(|thread| threads.insert(thread)));
        places.into_iter().map(|(place, _)| place).collect()
    }
}

/// What a word weighs that `having` of `all` documents have: 1 and a binary logarithm, in hundredths, in whole numbers,
/// so that every machine agrees.
fn weight(all: usize, having: usize) -> i64 {
    let hundredths = (all.max(having) + 1).saturating_mul(100) / (having + 1);
    let doublings = (hundredths / 100).max(1).ilog2();
    let below = 100_usize << doublings;
    let part = hundredths.saturating_sub(below) * 100 / below;
    WEIGHT.saturating_add(i64::from(doublings) * 100).saturating_add(i64::try_from(part).unwrap_or(0))
}

/// Takes the best `limit` of several lists, each of which keeps its own order. Among equals the newest comes first.
pub(super) fn merged<T>(lists: &mut [VecDeque<(Place, Time, T)>], limit: usize) -> Vec<(usize, Place, T)> {
    let mut taken = Vec::new();
    while taken.len() < limit {
        let heads = lists.iter().enumerate().filter_map(|(list, queue)| {
            let (place, time, _) = queue.front()?;
            Some(((place.every, place.score, *time, Reverse(list)), list))
        });
        let Some((_, list)) = heads.max_by_key(|(order, _)| *order) else { break };
        if let Some((place, _, item)) = lists[list].pop_front() {
            taken.push((list, place, item));
        }
    }
    taken
}

#[cfg(test)]
mod tests {
    use super::*;

    fn standing(has: Bits, titles: Bits, thread: Option<&str>) -> Standing {
        Standing { thread: thread.map(str::to_owned), has, titles }
    }

    fn ranking(words: usize, found: Vec<(i64, Standing)>) -> Ranking {
        let mut ranking = Ranking::of(words);
        ranking.add(Source::Post, Matching { standings: found, ..Matching::default() });
        ranking
    }

    // MEMORY-24
    #[test]
    fn a_word_weighs_more_the_fewer_have_it() {
        let weights: Vec<_> = [7, 3, 1, 0].iter().map(|having| weight(7, *having)).collect();
        assert_eq!(weights, [100, 200, 300, 400]);
        assert!((0..100).all(|having| weight(100, having) > weight(100, having + 1)));
        assert_eq!((weight(0, 0), weight(3, 9)), (100, 100));
    }

    // MEMORY-24
    #[test]
    fn every_word_comes_before_some_whatever_they_weigh() {
        let (both, one, other) = (standing(3, 0, None), standing(1, 1, None), standing(2, 2, None));
        let found = vec![(1, both), (2, one), (3, other)];
        let ranking = ranking(2, found);
        let rows: Vec<_> = ranking.places(Source::Post, &[100, 1000]).iter().map(|place| place.row).collect();
        assert_eq!(rows, [1, 3, 2]);
        assert!(ranking.places(Source::Observation, &[100, 1000]).is_empty());
    }

    // MEMORY-24
    #[test]
    fn of_a_thread_the_best_post_counts_and_of_equals_the_newest() {
        let posts = vec![
            (1, standing(1, 0, Some("a"))),
            (2, standing(1, 0, Some("a"))),
            (3, standing(1, 0, Some("b"))),
            (4, standing(1, 1, Some("b"))),
            (5, standing(1, 0, Some("b"))),
        ];
        let ranking = ranking(1, posts);
        let rows: Vec<_> = ranking.places(Source::Post, &[100]).iter().map(|place| place.row).collect();
        assert_eq!((rows, ranking.count()), (vec![4, 2], 2));
    }

    // MEMORY-24
    #[test]
    fn lists_are_merged_by_score_and_then_by_time() {
        let place = |score, row| Place { every: true, score, row };
        let mut lists = [
            VecDeque::from([(place(9, 1), Time(1), "a"), (place(5, 2), Time(1), "b")]),
            VecDeque::from([(place(9, 8), Time(7), "c"), (place(9, 7), Time(0), "d"), (place(4, 6), Time(9), "e")]),
        ];
        let taken: Vec<_> = merged(&mut lists, 4).into_iter().map(|(list, _, item)| (list, item)).collect();
        assert_eq!(taken, [(1, "c"), (0, "a"), (1, "d"), (0, "b")]);
        assert_eq!(lists[1].len(), 1);
    }
}
