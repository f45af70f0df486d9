//! A run in which a check finds an agent's work wanting, and the agent does it again.

use super::{Flaw, Part, Proof, Reply, Request, Run, Said};

pub(super) const RUN: Run = Run {
    title: "Gateway: webhooks that may come twice",
    tickets: ["API-140", "API-151"],
    repository: "acme/gateway",
    mode: "bootstrap",
    goal: "A delivery that is repeated has one effect and a good answer, and session documents name their end.",
    done_criteria: "Every fixture sent twice has one effect, also when both come at once; every time ends in `_at`.",
    lead: "mara",
    agents: [
        Part {
            name: "webhook-mender",
            asks: Some("API-140"),
            request: None,
            proof: Proof {
                summary: "A repeated id is answered with 200 and the first result, from a table with a unique key.",
                evidence: &["src/webhooks/inbox.rs", "repeats in an hour: 1912 before, 0 after"],
            },
            flaw: None,
        },
        Part {
            name: "contract-keeper",
            asks: None,
            request: Some(Request {
                question: "Is `expires_at` in the session document a new version of the API?",
                context: "It is one more field. Two clients of partners refuse documents with fields they do not know.",
                options: &["no, tell both partners", "yes, v2 for all", "only on request by a header"],
                default: 0,
                on_timeout: "wait",
                reply: Reply::InTime(Said {
                    choice: 0,
                    text: "No new version. Our contract says that fields may be added; I will write to both today.",
                }),
            }),
            proof: Proof {
                summary: "The description names the field, and an example shows it.",
                evidence: &["openapi.json: one field more", "both partners have confirmed"],
            },
            flaw: None,
        },
        Part {
            name: "naming-clerk",
            asks: Some("API-151"),
            request: None,
            proof: Proof {
                summary: "A lint refuses times that do not end in `_at`; the two old ones have a reason.",
                evidence: &["lint run: 16 times, 2 with a reason", "ci/naming.yml"],
            },
            flaw: None,
        },
        Part {
            name: "replay-tester",
            asks: None,
            request: None,
            proof: Proof {
                summary: "Every fixture is sent twice, one after the other, and has one effect.",
                evidence: &["tests/replay.rs: 63 fixtures, 63 effects"],
            },
            flaw: Some(Flaw {
                finding: "The criteria say `also when both come at once`: the test only sends one after the other.",
                repaired: Proof {
                    summary: "Every fixture is sent twice at once, 100 times; two that raced are mended.",
                    evidence: &["tests/replay.rs: 6300 pairs, 6300 effects", "two handlers take the unique key first"],
                },
            }),
        },
    ],
};
