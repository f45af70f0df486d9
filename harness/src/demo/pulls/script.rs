//! How each pull request goes: two red commits and then a green one; remarks that are dealt with; a conflict; three red
//! commits in a row, which call a person; a merge that ends its agent's session.

use shared::value::{CheckStatus, Mergeability, PrReview, PrState};

use super::{Dealt, Pull, Remark, Scene};

/// What most looks have in common.
const LOOK: Scene = Scene {
    does: "hears",
    text: "",
    commits: 1,
    check: CheckStatus::Passed,
    log: None,
    review: PrReview::ReviewRequired,
    mergeability: Mergeability::Blocked,
    state: PrState::Open,
    remarks: None,
    nudged: false,
};
/// A look at a check that failed, which its agent is told of.
const RED: Scene =
    Scene { does: "pushes", check: CheckStatus::Failed, mergeability: Mergeability::Unstable, nudged: true, ..LOOK };
/// The last look.
const MERGED: Scene = Scene {
    does: "lands",
    review: PrReview::Approved,
    mergeability: Mergeability::Unknown,
    state: PrState::Merged,
    ..LOOK
};

/// In the order of their runs.
pub(super) static PULLS: [Pull; 5] = [
    Pull {
        agent: "edge-tuner",
        title: "Serve product pages from the edge",
        check: "e2e / prices",
        remarks: &[],
        scenes: &[
            Scene {
                does: "opens",
                text: "400 product pages are cached, and a changed price takes them out",
                log: Some("prices.spec.ts:31 a new price shows\n  expected 12.90, got 11.90\n1 failed, 63 passed"),
                ..RED
            },
            Scene {
                text: "the purge goes by the product's tag, no longer by its address",
                commits: 2,
                log: Some("prices.spec.ts:48 the newest price wins\n  expected 14.50, got 12.90\n1 failed, 63 passed"),
                ..RED
            },
            Scene { does: "pushes", text: "purges of one product wait for each other: all green", commits: 3, ..LOOK },
        ],
        ending: &[Scene { text: "the edge cache is merged", commits: 3, ..MERGED }],
        ends_session: false,
    },
    Pull {
        agent: "webhook-mender",
        title: "Answer repeated deliveries with the first result",
        check: "build",
        remarks: &[
            Remark {
                author: "jonas",
                body: "Two deliveries at once both find no row here. Let the unique key decide, not the look before.",
                path: "src/webhooks/inbox.rs",
                line: 41,
            },
            Remark {
                author: "imke",
                body: "Name the time column `first_seen_at`, please: we have a lint for that since today.",
                path: "migrations/0093_inbox.sql",
                line: 7,
            },
        ],
        scenes: &[
            Scene {
                does: "opens",
                text: "a table with a unique key keeps the first result",
                check: CheckStatus::InProgress,
                ..LOOK
            },
            Scene {
                text: "two reviewers want changes",
                review: PrReview::ChangesRequested,
                remarks: Some(Dealt::Not),
                nudged: true,
                ..LOOK
            },
            Scene {
                does: "pushes",
                text: "the insert decides, the column is renamed, both threads are resolved",
                commits: 2,
                remarks: Some(Dealt::Yes),
                ..LOOK
            },
        ],
        ending: &[Scene { text: "the inbox is merged", commits: 2, remarks: Some(Dealt::Yes), ..MERGED }],
        ends_session: false,
    },
    Pull {
        agent: "naming-clerk",
        title: "Refuse times that do not end in _at",
        check: "lint",
        remarks: &[],
        scenes: &[
            Scene {
                does: "opens",
                text: "the lint and two exceptions, each with its reason",
                mergeability: Mergeability::Conflicting,
                nudged: true,
                ..LOOK
            },
            Scene { does: "pushes", text: "brought up to date, the conflict is resolved", commits: 2, ..LOOK },
        ],
        ending: &[Scene { text: "the lint is merged", commits: 2, ..MERGED }],
        ends_session: false,
    },
    Pull {
        agent: "store-scribe",
        title: "Notes of the spring release in nine languages",
        check: "links",
        remarks: &[],
        scenes: &[
            Scene {
                does: "opens",
                text: "nine notes, each below the store's limit",
                log: Some("notes/spring.pt.md: 404 https://help.acme.example/pt/primavera\n1 of 214 links is broken"),
                ..RED
            },
            Scene {
                text: "the Portuguese page has its right name",
                commits: 2,
                log: Some("notes/spring.md: 503 https://preview.acme.example/spring\n1 of 214 links is broken"),
                ..RED
            },
            Scene {
                text: "asks the preview three times before it gives up, and that still fails",
                commits: 3,
                log: Some("notes/spring.md: 503 after 3 tries https://preview.acme.example\n1 of 214 links is broken"),
                // The third red commit in a row is a person's: its agent is not told again.
                nudged: false,
                ..RED
            },
        ],
        ending: &[Scene { text: "the preview answers again: green at last, and merged", commits: 4, ..MERGED }],
        ends_session: false,
    },
    Pull {
        agent: "advisory-scout",
        title: "Pin the fixed commit of the archive library",
        check: "audit",
        remarks: &[],
        scenes: &[
            Scene {
                does: "opens",
                text: "the fixed commit, with a date by which the pin must go",
                check: CheckStatus::InProgress,
                ..LOOK
            },
            Scene { text: "the audit finds 0 open advisories", ..LOOK },
        ],
        ending: &[
            Scene {
                text: "approved by two, and nothing stands against it",
                review: PrReview::Approved,
                mergeability: Mergeability::Mergeable,
                ..LOOK
            },
            Scene { text: "merged, and the work is over", ..MERGED },
        ],
        ends_session: true,
    },
];
