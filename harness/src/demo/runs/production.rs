//! A run in which an agent waits on after its deadline, until somebody notices.

use super::{Part, Proof, Reply, Request, Run, Said};

pub(super) const RUN: Run = Run {
    title: "Production: a calm canary and clean logs",
    tickets: ["INF-31", "OPS-12"],
    repository: "acme/checkout",
    mode: "standard",
    goal: "The connection pool goes out without slow requests, and no log holds an address of a customer.",
    done_criteria: "p99 of checkout stays under 250 ms for an hour; a search for `@` in the logs finds nothing.",
    lead: "imke",
    agents: [
        Part {
            name: "canary-watch",
            asks: Some("INF-31"),
            request: None,
            proof: Proof {
                summary: "The canary ran for an hour with its p99 between 180 and 195 ms.",
                evidence: &["dashboard: checkout, 14:00 to 15:00", "error rate 0.02 %, as before"],
            },
            flaw: None,
        },
        Part {
            name: "pool-tuner",
            asks: None,
            request: Some(Request {
                question: "How many connections may the pool hold at most?",
                context: "The database allows 400. Twelve instances with 40 each are 480 if all are busy at once.",
                options: &["30 for each", "40, and raise the database to 500", "40, and queue the rest"],
                default: 0,
                on_timeout: "wait",
                reply: Reply::Late(Said {
                    choice: 0,
                    text: "Just saw this, sorry. Take 30: the database has no memory left for another hundred.",
                }),
            }),
            proof: Proof {
                summary: "Each instance holds 10 to 30 connections; a load test never waited for one.",
                evidence: &["load.txt: 900 requests a second, no wait for the pool", "pool.toml: min 10, max 30"],
            },
            flaw: None,
        },
        Part {
            name: "log-cleaner",
            asks: Some("OPS-12"),
            request: None,
            proof: Proof {
                summary: "The store and the archive hold no address any more; the importer logs ids.",
                evidence: &["deleted: 48211 lines", "archive 2 was written again, and its checksum is noted"],
            },
            flaw: None,
        },
        Part {
            name: "runbook-writer",
            asks: None,
            request: Some(Request {
                question: "Who is called first when the canary goes red at night?",
                context: "The old runbook names a team that no longer exists.",
                options: &["checkout", "platform", "whoever deployed"],
                default: 1,
                on_timeout: "park",
                reply: Reply::InTime(Said {
                    choice: 1,
                    text: "Platform, and they call checkout if the pool is not it. Put both numbers on top.",
                }),
            }),
            proof: Proof {
                summary: "The runbook has one page, two numbers and the three commands one needs at night.",
                evidence: &["docs/runbooks/canary.md", "platform read it and followed it once"],
            },
            flaw: None,
        },
    ],
};
