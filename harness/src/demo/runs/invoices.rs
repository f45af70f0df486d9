//! A run in which nobody answers one request, so that its default is taken.

use super::{Part, Proof, Reply, Request, Run, Said};

pub(super) const RUN: Run = Run {
    title: "Invoices: no long lock, no lost cent",
    tickets: ["PAY-214", "PAY-221"],
    repository: "acme/billing",
    mode: "bootstrap",
    goal: "The new column of `invoices` arrives while payments go on, and shared invoices split to the cent.",
    done_criteria: "No statement locks `invoices` for over 1 s; the parts of every split add up; March is unchanged.",
    lead: "mara",
    agents: [
        Part {
            name: "ledger-planner",
            asks: Some("PAY-214"),
            request: None,
            proof: Proof {
                summary: "The migration is three steps, each of which can be taken back alone.",
                evidence: &["docs/plans/PAY-214.md", "explain.txt: no exclusive lock for over 40 ms"],
            },
            flaw: None,
        },
        Part {
            name: "schema-smith",
            asks: None,
            request: Some(Request {
                question: "Which type for the new amount column?",
                context: "The old one is numeric(12,2). All new services count in whole cents.",
                options: &["bigint, in cents", "numeric(12,2), as the old one"],
                default: 0,
                on_timeout: "default",
                reply: Reply::Nobody,
            }),
            proof: Proof {
                summary: "The column is there, nullable, with a check that is not validated yet.",
                evidence: &["migrations/0147_amount.sql", "schema diff: one column, one check"],
            },
            flaw: None,
        },
        Part {
            name: "backfill-runner",
            asks: None,
            request: Some(Request {
                question: "May the backfill run while the ledger closes?",
                context: "It writes 5000 rows a second. The close reads all of March between 02:00 and 04:00 UTC.",
                options: &["pause from 02:00 to 04:00", "at half speed", "yes"],
                default: 0,
                on_timeout: "wait",
                reply: Reply::InTime(Said {
                    choice: 0,
                    text: "Pause it. A close that is slow costs us a morning, a backfill that is slow costs nothing.",
                }),
            }),
            proof: Proof {
                summary: "All 41 million rows are filled; the count of nulls is 0.",
                evidence: &["backfill.log: 8200 batches, 0 repeated", "select count(*) where amount is null: 0"],
            },
            flaw: None,
        },
        Part {
            name: "invoice-tester",
            asks: Some("PAY-221"),
            request: None,
            proof: Proof {
                summary: "A property test splits 10000 invoices among 1 to 9 payers; no cent is lost or made.",
                evidence: &["tests/split.rs: 10000 cases", "the March export is equal byte by byte"],
            },
            flaw: None,
        },
    ],
};
