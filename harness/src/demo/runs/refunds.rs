//! A run about numbers and safety: two questions of high urgency, one request, four proofs.

use super::{Part, Proof, Reply, Request, Run, Said};

pub(super) const RUN: Run = Run {
    title: "Refunds: one truth, and safe uploads",
    tickets: ["DAT-19", "SEC-7"],
    repository: "acme/ledger",
    mode: "bootstrap",
    goal: "Warehouse and ledger agree about refunds, and nothing that a customer uploads leaves its directory.",
    done_criteria: "The totals of six months agree to the cent; archives that leave their directory are refused.",
    lead: "imke",
    agents: [
        Part {
            name: "refund-tracer",
            asks: Some("DAT-19"),
            request: None,
            proof: Proof {
                summary: "Both sides book by UTC; the five rows are loaded again.",
                evidence: &["six months compared: difference 0.00", "the rule is a test of the nightly load"],
            },
            flaw: None,
        },
        Part {
            name: "report-builder",
            asks: None,
            request: None,
            proof: Proof {
                summary: "The report says by which time zone a day ends, and was sent with a note.",
                evidence: &["reports/march.pdf", "sent to 14 readers, 0 questions so far"],
            },
            flaw: None,
        },
        Part {
            name: "advisory-scout",
            asks: Some("SEC-7"),
            request: None,
            proof: Proof {
                summary: "The fixed commit is pinned, and a ticket waits for the release.",
                evidence: &["deny.toml: the advisory has a date", "audit: 0 open advisories"],
            },
            flaw: None,
        },
        Part {
            name: "unpack-guard",
            asks: None,
            request: Some(Request {
                question: "What shall become of an archive with one bad entry among good ones?",
                context: "Of last month's uploads 3 of 12000 had such an entry, all from one old client of ours.",
                options: &["refuse it whole", "skip the entry", "unpack it and warn"],
                default: 0,
                on_timeout: "park",
                reply: Reply::InTime(Said {
                    choice: 0,
                    text: "Refuse it whole, and name the entry. Half an upload is worse than none.",
                }),
            }),
            proof: Proof {
                summary: "Entries are checked before the first byte is written; a bad one refuses the archive.",
                evidence: &["tests/unpack.rs: 22 hostile archives", "fuzzed for an hour: nothing left its directory"],
            },
            flaw: None,
        },
    ],
};
