//! The questions of the play, as agents at work ask them, and what people say to them.

use serde_json::{Value, json};
use shared::clock::Time;

/// One question with everything that is said about it.
pub(super) struct Question {
    pub(super) ticket: &'static str,
    pub(super) priority: &'static str,
    pub(super) title: &'static str,
    pub(super) body: &'static str,
    /// What the agent finds out while it waits.
    pub(super) detail: &'static str,
    pub(super) options: &'static [&'static str],
    /// Which option the agent would take by itself.
    pub(super) default: usize,
    /// Which option the person takes.
    pub(super) choice: usize,
    pub(super) answer: &'static str,
    pub(super) thanks: &'static str,
    /// Why it is closed.
    pub(super) outcome: &'static str,
}

impl Question {
    /// The body that opens its thread.
    pub(super) fn opening(&self, run_id: &str, agent: &str, deadline: Time) -> Value {
        json!({
            "title": self.title,
            "ticket": self.ticket,
            "run_id": run_id,
            "agent_name": agent,
            "body": self.body,
            "options": self.options,
            "default": self.options[self.default],
            "deadline": deadline,
            "priority": self.priority,
        })
    }
}

/// The question about a ticket.
pub(super) fn of_ticket(ticket: &str) -> Option<&'static Question> {
    QUESTIONS.iter().find(|question| question.ticket == ticket)
}

/// One for each ticket.
pub(super) const QUESTIONS: &[Question] = &[
    Question {
        ticket: "PAY-214",
        priority: "high",
        title: "May the invoice migration lock the table?",
        body: "Adding the NOT NULL column rewrites `invoices` (41 million rows). On the copy it took 6 minutes with an exclusive lock.",
        detail: "Checked the traffic: between 02:00 and 04:00 UTC there are at most 3 writes a minute.",
        options: &["add it nullable and backfill in batches", "lock it in the night window", "new table and swap"],
        default: 0,
        choice: 0,
        answer: "Nullable and backfill. The night window belongs to the ledger close this week.",
        thanks: "Backfill runs in batches of 5000, checked with a count at the end.",
        outcome: "migration split in three steps",
    },
    Question {
        ticket: "WEB-88",
        priority: "normal",
        title: "Keep the old query parameter of the search page?",
        body: "The new router uses `q`. About 4 % of requests still send `query`, most of them from saved bookmarks.",
        detail: "The help pages link to it in two places; I can change those in the same pull request.",
        options: &["redirect `query` to `q`", "support both", "drop it"],
        default: 0,
        choice: 0,
        answer: "Redirect with 301 and count the redirects. We drop it when the counter is flat.",
        thanks: "Redirect and counter are in; the help pages use `q` now.",
        outcome: "redirect merged",
    },
    Question {
        ticket: "INF-31",
        priority: "urgent",
        title: "The canary's p99 doubled: roll back or wait?",
        body: "p99 went from 180 ms to 390 ms on the canary after the connection pool change. Error rate is unchanged at 0.02 %.",
        detail: "It is all in checkout: the pool opens connections lazily, and each first request pays 200 ms for TLS.",
        options: &["roll back now", "wait ten more minutes", "raise the pool's minimum and redeploy"],
        default: 0,
        choice: 2,
        answer: "Set the minimum to 10 and redeploy the canary only. Roll back if p99 is over 250 ms after five minutes.",
        thanks: "Minimum is 10; p99 is back at 185 ms on the canary.",
        outcome: "canary healthy, rollout goes on",
    },
    Question {
        ticket: "API-140",
        priority: "normal",
        title: "Which status for a duplicate webhook delivery?",
        body: "The sender repeats deliveries until it sees a 2xx. Today a repeated id gets 409, and so they repeat it for a day.",
        detail: "Found 1,912 repeats of 40 deliveries in yesterday's log.",
        options: &["200 and do nothing", "202", "keep 409"],
        default: 0,
        choice: 0,
        answer: "200, with the result of the first delivery in the body. A repeat is not the sender's mistake.",
        thanks: "Repeats answer 200 now, and a test sends every fixture twice.",
        outcome: "done as answered",
    },
    Question {
        ticket: "MOB-52",
        priority: "low",
        title: "Raise the minimum Android version to 10?",
        body: "The new crypto library needs API level 29. 1.3 % of active devices are below it.",
        detail: "A shim for level 26 exists; it adds 400 kB to the package.",
        options: &["raise it", "ship the shim", "stay on the old library"],
        default: 2,
        choice: 1,
        answer: "Ship the shim until the spring release. Support has promised those customers this year.",
        thanks: "Shim is in, behind a check of the API level. The package grew by 380 kB.",
        outcome: "shim shipped, removal noted for spring",
    },
    Question {
        ticket: "DAT-19",
        priority: "high",
        title: "Two sources disagree on last month's revenue",
        body: "The warehouse says 1,204,311.20, the ledger 1,204,287.95. The difference is 23.25 in 5 rows.",
        detail: "All five are refunds booked after midnight in Lisbon and before midnight UTC.",
        options: &["trust the ledger", "trust the warehouse", "stop the report and fix the time zone"],
        default: 0,
        choice: 2,
        answer: "Hold the report. Book by UTC in both, reload the five rows, then send it with a note.",
        thanks: "Both book by UTC now; the totals agree to the cent.",
        outcome: "report sent with a note",
    },
    Question {
        ticket: "SEC-7",
        priority: "urgent",
        title: "A dependency has an advisory and no release yet",
        body: "The advisory for the archive library concerns path traversal when unpacking. We unpack uploads of customers with it.",
        detail: "The fix is merged upstream, not released. Pinning that commit builds and passes our tests.",
        options: &["pin the commit", "switch uploads off", "wait for the release"],
        default: 1,
        choice: 0,
        answer: "Pin the commit today, and reject entries with `..` before unpacking as a second wall.",
        thanks: "Pinned, and a test uploads an archive that tries to leave its directory.",
        outcome: "pinned; ticket for the release opened",
    },
    Question {
        ticket: "TST-63",
        priority: "low",
        title: "Quarantine the flaky upload test?",
        body: "`resumes_after_a_lost_connection` failed 7 of the last 200 runs, always with a timeout of 2 s.",
        detail: "On a loaded machine the proxy needs up to 1.9 s to notice the cut connection.",
        options: &["quarantine it", "wait for the condition instead of 2 s", "raise the timeout"],
        default: 2,
        choice: 1,
        answer: "Wait for the condition with a limit of 30 s. A quarantined test is a deleted test.",
        thanks: "It waits for the proxy's event now: 500 runs, none failed, 140 ms on average.",
        outcome: "test fixed",
    },
    Question {
        ticket: "PAY-221",
        priority: "normal",
        title: "How to round the split of a shared invoice?",
        body: "100.00 among three is 33.33 each, and a cent is left. The importer drops it, the exporter adds it to the last.",
        detail: "Accounting's own sheet gives the spare cents to the first payers.",
        options: &["first payers", "last payer", "largest remainder"],
        default: 2,
        choice: 0,
        answer: "First payers, as accounting does it. Use one function for import and export.",
        thanks: "One function, and a property test that the parts always add up.",
        outcome: "done as answered",
    },
    Question {
        ticket: "WEB-97",
        priority: "normal",
        title: "Cache product pages at the edge?",
        body: "70 % of page views are of 400 products. The origin renders each in 45 ms.",
        detail: "Prices change about 30 times a day; an invalidation reaches the edge in under 2 s.",
        options: &["cache 60 s", "cache and invalidate on change", "no edge cache"],
        default: 0,
        choice: 1,
        answer: "Cache with invalidation, and 10 minutes as the longest age in case one is lost.",
        thanks: "Live for the 400 products: the hit rate is 93 %.",
        outcome: "edge cache on",
    },
    Question {
        ticket: "OPS-12",
        priority: "high",
        title: "Delete the logs that hold e-mail addresses?",
        body: "The importer logged addresses at level info for 9 days. They are in the log store and in one archive.",
        detail: "The log store can delete by query; the archive has to be written again without those lines.",
        options: &["delete and rewrite the archive", "wait for retention (30 days)", "restrict access"],
        default: 2,
        choice: 0,
        answer: "Delete in the store today, rewrite the archive, and tell the privacy team what was in there and how long.",
        thanks: "Deleted and rewritten; the importer logs the account's id instead.",
        outcome: "privacy team informed",
    },
    Question {
        ticket: "API-151",
        priority: "low",
        title: "Name of the new field: `expires` or `expires_at`?",
        body: "The session document gets its end. Both spellings exist in older documents.",
        detail: "Counted: 14 fields end in `_at`, 2 do not.",
        options: &["expires_at", "expires"],
        default: 0,
        choice: 0,
        answer: "`expires_at`, RFC 3339 in UTC, like the other fourteen.",
        thanks: "Done, and a lint refuses times that do not end in `_at`.",
        outcome: "named",
    },
];

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use shared::message::command::{Command, OpenThread};

    use super::*;

    #[test]
    fn every_question_can_be_asked_and_answered_as_written() {
        let mut asked = BTreeSet::new();
        for question in QUESTIONS {
            assert!(asked.insert(question.ticket), "{} twice", question.ticket);
            assert!(question.options.len() >= 2 && question.choice < question.options.len(), "{}", question.title);
            let opening: OpenThread =
                serde_json::from_value(question.opening("run_1", "ada", Time(1))).expect("a body that the API knows");
            let opening = opening.normalise(Time(0)).expect("a body that the API takes");
            assert_eq!(opening.title, question.title);
            for text in [question.title, question.body, question.detail, question.answer, question.thanks] {
                assert!(text.len() > 10 && text.len() < 200, "{text}");
            }
        }
    }
}
