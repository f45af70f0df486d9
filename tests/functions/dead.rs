//! A command that cannot be handled dies after its attempts, and its stream goes on.

use std::time::Duration;

use cmd_add_post::CmdAddPost;
use shared::ctx::Ctx;
use shared::domain::thread::{Facts, Thread, ThreadEvent};
use shared::error::{HandlerError, Rejection};
use shared::function::batch::Verdict;
use shared::function::{Function, Trigger, command};
use shared::message::command::AddPost;
use shared::message::envelope::CloudEvent;
use shared::store::threads::Threads;
use tests::fixture::{Fixture, over_every_store};

/// `cmd-add-post` with a mistake in its rule.
struct Mistaken;

impl Function for Mistaken {
    const NAME: &'static str = CmdAddPost::NAME;
    const TRIGGER: Trigger = CmdAddPost::TRIGGER;
    type Message = CloudEvent;

    async fn handle(ctx: &Ctx, message: CloudEvent) -> Result<(), HandlerError> {
        command::handle::<Threads, _>(ctx, Self::NAME, &message, |thread, post, facts| {
            decide(thread.as_ref(), post, facts)
        })
        .await
    }
}

fn decide(thread: Option<&Thread>, post: &AddPost, facts: &Facts) -> Result<Vec<ThreadEvent>, Rejection> {
    assert!(post.body != "poison", "poison of {}", facts.actor.actor_name);
    cmd_add_post::decide(thread, post, facts)
}

/// A settled thread, then a poisonous post and a good one, published.
async fn poisoned() -> (Fixture, String) {
    let fixture = Fixture::new().await;
    let thread = fixture.open("Which way").await;
    fixture.settle().await;
    let poison = fixture.post(&thread, "poison").await;
    fixture.post(&thread, "after").await;
    fixture.drain().await;
    (fixture, poison)
}

// CMD-9, TRANSPORT-10
#[tokio::test]
async fn a_rule_that_panics_kills_its_command_after_five_attempts_and_the_stream_goes_on() {
    let (fixture, poison) = poisoned().await;
    let deliveries = fixture.receive::<Mistaken>().await;
    for attempt in 1..=5 {
        let verdicts = fixture.handle::<Mistaken>(&deliveries).await;
        assert_eq!(verdicts[1], Verdict::Done, "the one behind is not the head yet, or was handled");
        assert_eq!(verdicts[0] == Verdict::Done, attempt == 5, "attempt {attempt}");
        let row = fixture.rows("SELECT attempts FROM commands WHERE seq = 2").await;
        assert_eq!(row[0][0], attempt);
    }
    let row = fixture.rows("SELECT command_id, status, outcome, pos FROM commands WHERE seq = 2").await;
    assert_eq!(serde_json::json!(row), serde_json::json!([[poison, "dead", null, null]]));
    let letters = fixture
        .rows("SELECT d.source, d.function, d.error_class, d.error, d.attempts, c.seq FROM dead_letters AS d JOIN commands AS c ON c.dead_letter_id = d.id")
        .await;
    let expected = serde_json::json!([["command", "cmd-add-post", "panic", "poison of ada", 5, 2]]);
    assert_eq!(serde_json::json!(letters), expected);
    fixture.settle().await;
    assert_eq!(fixture.texts("SELECT body FROM posts ORDER BY id").await, ["Which way?", "after"]);
    assert_eq!(fixture.number("SELECT count(*) FROM events").await, 2);
}

// TRANSPORT-10: the count is in the row, so a crash counts
#[tokio::test]
async fn a_command_whose_handling_never_ends_dies_too() {
    let (fixture, _) = poisoned().await;
    // Five workers died with it in hand: begun, never finished.
    fixture.execute("UPDATE commands SET attempts = 5 WHERE seq = 2").await;
    let deliveries = fixture.receive::<CmdAddPost>().await;
    let verdicts = fixture.handle::<CmdAddPost>(&deliveries[..1]).await;
    assert_eq!(verdicts, [Verdict::Done]);
    let letters = fixture.rows("SELECT error_class, attempts FROM dead_letters").await;
    assert_eq!(serde_json::json!(letters), serde_json::json!([["crashed", 6]]));
    fixture.settle().await;
    assert_eq!(fixture.texts("SELECT status FROM commands ORDER BY seq").await, ["applied", "dead", "applied"]);
    assert_eq!(fixture.number("SELECT count(*) FROM posts").await, 2);
}

// TRANSPORT-10
#[tokio::test]
async fn retries_wait_with_full_jitter_below_a_doubling_limit() {
    let (fixture, _) = poisoned().await;
    let mut deliveries = fixture.receive::<Mistaken>().await;
    deliveries.truncate(1);
    for longest in [1, 2, 4, 8] {
        let verdicts = fixture.handle::<Mistaken>(&deliveries).await;
        let [Verdict::Retry(wait)] = verdicts.as_slice() else { panic!("{verdicts:?}") };
        assert!(*wait <= Duration::from_secs(longest), "{wait:?} of {longest} s");
        fixture.advance(*wait);
        deliveries = fixture.receive::<Mistaken>().await;
        deliveries.retain(|delivery| delivery.receive_count > 1);
        assert_eq!(deliveries.len(), 1);
    }
}

// CMD-9
#[tokio::test]
async fn a_stored_payload_that_does_not_fit_dies_at_once() {
    over_every_store(async |fixture| {
        let thread = fixture.open("Which way").await;
        fixture.settle().await;
        fixture.post(&thread, "first").await;
        fixture.post(&thread, "second").await;
        fixture.execute("UPDATE commands SET payload = '{\"body\": 7}' WHERE seq = 2").await;
        fixture.settle().await;
        assert_eq!(fixture.texts("SELECT status FROM commands ORDER BY seq").await, ["applied", "dead", "applied"]);
        assert_eq!(fixture.texts("SELECT error_class FROM dead_letters").await, ["undecodable"]);
        assert_eq!(fixture.texts("SELECT body FROM posts ORDER BY id").await, ["Which way?", "second"]);
    })
    .await;
}
