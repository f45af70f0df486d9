//! What searches of memory come to, as lines of the table.

use super::Row;
use crate::memory_search::MemorySearch;

impl MemorySearch {
    pub(super) fn rows(self) -> [Row; 3] {
        let Self { observations, rare, unicorns, common } = self;
        let what = |which: &str| format!("search of {observations} observations: {which}, p50 (p99)");
        let figure = |(p50, p99): (f64, f64)| format!("{p50:.2} ms ({p99:.2} ms)");
        [
            Row::against(what("a rare phrase"), figure(rare), "p99 under 30 ms", rare.1 < 30.0),
            Row::against(what("a word of 5 000"), figure(unicorns), "p99 under 30 ms", unicorns.1 < 30.0),
            Row::plain(what("three words that many have"), figure(common)),
        ]
    }
}
