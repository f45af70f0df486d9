//! A run without trouble: two questions, one request, four proofs.

use super::{Part, Proof, Reply, Request, Run, Said};

pub(super) const RUN: Run = Run {
    title: "Mobile: the spring release builds again",
    tickets: ["MOB-52", "TST-63"],
    repository: "acme/app",
    mode: "standard",
    goal: "The app has the new crypto library on all devices that we promised, and tests that can be trusted.",
    done_criteria: "The release starts on Android 8 and on 15; the suite passes 500 times in a row.",
    lead: "jonas",
    agents: [
        Part {
            name: "shim-builder",
            asks: Some("MOB-52"),
            request: None,
            proof: Proof {
                summary: "The shim is used below API level 29 only; keys of both ways open each other.",
                evidence: &["package size: 380 kB more", "starts on Android 8, 10 and 15"],
            },
            flaw: None,
        },
        Part {
            name: "sdk-bumper",
            asks: None,
            request: Some(Request {
                question: "Take the build tools that came out on Monday?",
                context: "They cut the build by 3 minutes. The notes list one known fault, in a feature we do not use.",
                options: &["take them", "wait for the first fix", "only for debug builds"],
                default: 1,
                on_timeout: "default",
                reply: Reply::InTime(Said {
                    choice: 2,
                    text: "Debug builds only until the release is out. Three minutes are not worth a surprise in May.",
                }),
            }),
            proof: Proof {
                summary: "Debug builds use the new tools, releases the old ones; both are pinned.",
                evidence: &["debug build: 5 min 10 s, was 8 min 20 s", "the release build is unchanged"],
            },
            flaw: None,
        },
        Part {
            name: "upload-tester",
            asks: Some("TST-63"),
            request: None,
            proof: Proof {
                summary: "The upload test waits for the proxy's event and has not failed since.",
                evidence: &["500 runs, 0 failures", "mean: 140 ms"],
            },
            flaw: None,
        },
        Part {
            name: "store-scribe",
            asks: None,
            request: None,
            proof: Proof {
                summary: "The notes of the release are written in nine languages and fit the store's limit.",
                evidence: &["notes/spring.md", "longest: 478 of 500 characters"],
            },
            flaw: None,
        },
    ],
};
