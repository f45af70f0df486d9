//! A run in which a request is parked, since its answer comes after the deadline.

use super::{Part, Proof, Reply, Request, Run, Said};

pub(super) const RUN: Run = Run {
    title: "Storefront: new routes behind a cache",
    tickets: ["WEB-88", "WEB-97"],
    repository: "acme/storefront",
    mode: "standard",
    goal: "Search and product pages use the new router, and the edge serves what need not be rendered.",
    done_criteria: "No link is broken; the edge answers 90 % of product views; a new price shows within 5 s.",
    lead: "jonas",
    agents: [
        Part {
            name: "route-keeper",
            asks: Some("WEB-88"),
            request: None,
            proof: Proof {
                summary: "Old routes redirect, and a crawl of the whole shop finds no broken link.",
                evidence: &["crawl.txt: 18402 links, 0 broken", "redirects are counted since today"],
            },
            flaw: None,
        },
        Part {
            name: "search-scribe",
            asks: None,
            request: Some(Request {
                question: "Delete the 400 synonyms that no search has used in a year?",
                context: "They came with the first catalogue. Nobody remembers who wrote them, and 60 are brand names.",
                options: &["delete all", "keep the brand names", "keep all"],
                default: 2,
                on_timeout: "park",
                reply: Reply::Late(Said {
                    choice: 1,
                    text: "Sorry, I was away. Keep the brand names: their owners pay for being found.",
                }),
            }),
            proof: Proof {
                summary: "340 synonyms are gone, 60 stay with a note whose they are.",
                evidence: &["synonyms.csv: 340 lines fewer", "search quality: 0.81 before, 0.81 after"],
            },
            flaw: None,
        },
        Part {
            name: "edge-tuner",
            asks: Some("WEB-97"),
            request: None,
            proof: Proof {
                summary: "400 product pages come from the edge and leave it when a price changes.",
                evidence: &["hit rate: 93 %", "a changed price shows after 1.7 s"],
            },
            flaw: None,
        },
        Part {
            name: "page-auditor",
            asks: None,
            request: Some(Request {
                question: "The cookie banner moves the page by 90 pixels: fix it here?",
                context: "It is older than this run and not ours, but it spoils the measurement of every page.",
                options: &["fix it here", "ticket for the web team", "measure without the banner"],
                default: 1,
                on_timeout: "default",
                reply: Reply::InTime(Said {
                    choice: 0,
                    text: "Fix it here if it stays under 20 lines, and tell the web team with a link to the change.",
                }),
            }),
            proof: Proof {
                summary: "No page moves while it loads; the banner keeps its place from the start.",
                evidence: &["audit.html: 12 pages, all green", "the banner's change has 11 lines"],
            },
            flaw: None,
        },
    ],
};
