//! What the generated sessions are about: thirteen pieces of work, each with its own words.

mod data;
mod products;
mod services;

use super::DECISION;

/// What runs a topic's tests.
#[derive(Clone, Copy)]
pub(super) enum Runner {
    Cargo,
    Go,
    Jest,
    Pytest,
}

/// A decision with its reason.
pub(super) struct Choice {
    pub(super) what: &'static str,
    pub(super) why: &'static str,
    pub(super) instead: &'static [&'static str],
}

/// A file that is edited, what is changed, and a line that is new in it.
pub(super) struct Change {
    pub(super) path: &'static str,
    pub(super) what: &'static str,
    pub(super) line: &'static str,
}

/// One piece of work.
pub(super) struct Topic {
    pub(super) repository: &'static str,
    pub(super) ticket: &'static str,
    pub(super) branch: &'static str,
    pub(super) prompt: &'static str,
    pub(super) plan: &'static str,
    /// The first is said in an event of its own, the second in a message.
    pub(super) choice: Choice,
    pub(super) message: &'static str,
    /// What is found out, first the cause of what fails.
    pub(super) cause: &'static str,
    pub(super) discovery: &'static str,
    /// The first fails until the second is done; the third follows.
    pub(super) changes: [Change; 3],
    pub(super) runner: Runner,
    pub(super) test_command: &'static str,
    pub(super) test: &'static str,
    pub(super) assertion: &'static str,
    pub(super) fix: &'static str,
    /// A build or linter, and how it complains.
    pub(super) check: &'static str,
    pub(super) complaint: &'static str,
    /// What went wrong on the way.
    pub(super) error: &'static str,
    /// A command that changes something.
    pub(super) command: &'static str,
    pub(super) commits: [&'static str; 2],
    pub(super) title: &'static str,
    pub(super) review: &'static str,
    pub(super) note: &'static str,
    pub(super) left: &'static str,
}

/// The topics of all sessions but the third.
pub(super) const TOPICS: [&Topic; 12] = [
    &services::REFUNDS,
    &services::WEBHOOKS,
    &services::RATE_LIMITS,
    &services::SEARCH,
    &data::SLOW_QUERY,
    &data::MIGRATION,
    &data::IMPORT,
    &data::RETENTION,
    &products::FLAKY_TESTS,
    &products::PASSWORDS,
    &products::UPLOADS,
    &products::DARK_MODE,
];

/// The topic of the third session.
pub(super) const BALANCES: Topic = Topic {
    repository: "wallets",
    ticket: "WAL",
    branch: "wallet-balances",
    prompt: "Balances of wallets drift away from the sum of their payments. Find out why, and make it impossible.",
    plan: "I'll start with how a balance is written today, then choose where the truth is kept.",
    choice: Choice {
        what: DECISION,
        why: "a balance is then a sum that anybody can check, and no two writers can overwrite each other",
        instead: &["a balance column under a row lock", "nightly corrections"],
    },
    message: "We'll use one posting per side of a transfer rather than signed amounts because an audit reads sides.",
    cause: "Root cause: two transfers read the same balance and both write it back, so one of them is lost.",
    discovery: "It turns out that the nightly correction hides the drift from every report since March.",
    changes: [
        Change {
            path: "src/transfer.rs",
            what: "a transfer writes two postings in one transaction",
            line: "pub fn transfer(from: Wallet, to: Wallet, amount: Cents) -> Result<Posted, Refused> {",
        },
        Change {
            path: "src/postings.rs",
            what: "postings can be added and summed, never changed",
            line: "pub fn balance(wallet: Wallet) -> Cents {",
        },
        Change {
            path: "migrations/0017_postings.sql",
            what: "a table of postings that refuses updates",
            line: "CREATE TABLE postings (id INTEGER PRIMARY KEY, wallet TEXT NOT NULL, cents INTEGER NOT NULL);",
        },
    ],
    runner: Runner::Cargo,
    test_command: "cargo test transfer",
    test: "transfer::tests::two_transfers_at_once_lose_nothing",
    assertion: "assertion `left == right` failed: 900 cents are left of 1000",
    fix: "Fixed the lost transfer: both sides are postings now, and the balance is their sum.",
    check: "cargo clippy --all-targets",
    complaint: "error: this argument is passed by value, but not consumed\n  --> src/transfer.rs:31:23",
    error: "migration 0017 failed: table wallets has no column named currency",
    command: "sqlx migrate run",
    commits: ["Keep postings instead of balances", "Refuse updates of postings in the database"],
    title: "Wallets are sums of postings",
    review: "The trigger that refuses updates is what I wanted to see. Please add the currency to every posting.",
    note: "Remember to run the correction once more before the old column is dropped.",
    left: "Drop wallets.balance after two releases",
};
