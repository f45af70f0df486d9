//! Sessions: what a fleet costs that reports all the time, how soon its changes are seen, and what a list with derived
//! status costs.

mod lists;
mod reports;
mod watch;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tests::sessions::{seen, session_of};

use crate::replays::wait_for_lag_zero;
use crate::server::Server;
use lists::Listed;
use reports::Reported;

/// Checks of every pull request that passed, beside one that comes and goes.
const PASSED: [&str; 4] = ["build", "docs", "lint", "unit"];
/// The end of a log.
const LOG: &str = "running 214 tests\ntest checkout::retries_end_to_end ... FAILED\nassertion failed: left == right";

/// What sessions come to.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Sessions {
    pub(crate) reported: Reported,
    pub(crate) listed: [Listed; 4],
}

/// A fleet that reports for so long; then lists, over another database.
pub(crate) async fn run(directory: &Path, seconds: u32) -> Sessions {
    let reported = reports::run(&directory.join("reports"), seconds).await;
    let listed = lists::run(&directory.join("lists")).await;
    Sessions { reported, listed }
}

/// The start of a session.
fn session(place: u32) -> Value {
    let mut start = session_of(&format!("agent-{place}"));
    start["ticket"] = json!(format!("BENCH-{}", place % 100));
    start["prompt"] = json!("Retry the checkout when the gateway times out. ".repeat(10));
    start
}

/// The address of a pull request.
fn url(place: u32) -> String {
    format!("https://github.com/acme/storefront/pull/{place}")
}

/// A pull request as it is observed: five checks of a commit, of which the last stands at `last`, and three comments.
fn observation(place: u32, session_id: &str, commit: &str, last: &str) -> Value {
    let check = |name: &str, status: &str| {
        let log_tail = (status == "failed").then_some(LOG);
        json!({ "name": name, "commit": commit, "status": status, "log_tail": log_tail })
    };
    let mut checks: Vec<Value> = PASSED.iter().map(|name| check(name, "passed")).collect();
    checks.push(check("end-to-end", last));
    let comment = |number: u32| {
        let resolved = number < 2 || !place.is_multiple_of(4);
        let body = "This gives up after the first timeout; is that meant to be?";
        json!({
            "id": format!("comment-{number}"), "author": "eve", "body": body, "path": "src/checkout.rs",
            "line": 10 + number, "resolved": resolved,
        })
    };
    let comments: Vec<Value> = (0..3).map(comment).collect();
    let differs = json!({
        "url": url(place), "head_sha": commit, "review": "review_required", "additions": 120, "deletions": 14,
        "checks": checks, "comments": comments,
    });
    seen(session_id, differs)
}

/// Waits until everything is handled, projected and reacted to.
async fn at_rest(server: &Server) {
    loop {
        wait_for_lag_zero(server).await;
        if server.metric("agentforum_commands_pending").await == 0.0 {
            break;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    // What the last commands led to.
    wait_for_lag_zero(server).await;
}

/// p50 and p99.
pub(crate) fn percentiles(mut taken: Vec<f64>) -> (f64, f64) {
    assert!(!taken.is_empty(), "nothing was measured");
    taken.sort_by(f64::total_cmp);
    (taken[taken.len() / 2], taken[taken.len() * 99 / 100])
}
