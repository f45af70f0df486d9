//! A command takes effect once, however often and by how many it is delivered.

use cmd_add_post::CmdAddPost;
use cmd_open_thread::CmdOpenThread;
use shared::function::batch::{self, Record, Verdict};
use shared::message::command::AddPost;
use shared::value::{Actor, ActorType};
use tests::fixture::{Fixture, over_every_store, record};

// CMD-7
#[tokio::test]
async fn a_command_delivered_twice_takes_effect_once() {
    over_every_store(async |fixture| {
        fixture.open("Which way").await;
        fixture.drain().await;
        let deliveries = fixture.receive::<CmdOpenThread>().await;
        for _ in 0..3 {
            assert_eq!(fixture.handle::<CmdOpenThread>(&deliveries).await, [Verdict::Done]);
        }
        fixture.settle().await;
        for (sql, count) in [
            ("SELECT count(*) FROM threads", 1),
            ("SELECT count(*) FROM posts", 1),
            ("SELECT count(*) FROM events", 1),
            ("SELECT attempts FROM commands", 1),
            ("SELECT count(*) FROM view_thread_views WHERE posts_count = 1", 1),
        ] {
            assert_eq!(fixture.number(sql).await, count, "{sql}");
        }
    })
    .await;
}

// CMD-7
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_command_delivered_to_twelve_workers_at_once_takes_effect_once() {
    let fixture = Fixture::new().await;
    let thread = fixture.open("Which way").await;
    fixture.settle().await;
    for round in 0..10 {
        fixture.post(&thread, &format!("post {round}")).await;
        fixture.drain().await;
        let records: Vec<Record> = fixture.receive::<CmdAddPost>().await.iter().map(record).collect();
        let mut workers = tokio::task::JoinSet::new();
        for _ in 0..12 {
            let (ctx, records) = (fixture.ctx.clone(), records.clone());
            workers.spawn(async move { batch::run::<CmdAddPost>(&ctx, &records, None).await });
        }
        // One of them handles it. To the others it is held, to be tried again, or finished; none counts an attempt.
        assert!(workers.join_all().await.contains(&vec![Verdict::Done]));
    }
    fixture.settle().await;
    assert_eq!(fixture.number("SELECT count(*) FROM commands WHERE attempts = 1").await, 11);
    let bodies = fixture.texts("SELECT body FROM posts ORDER BY id").await;
    let expected: Vec<_> =
        std::iter::once("Which way?".to_owned()).chain((0..10).map(|round| format!("post {round}"))).collect();
    assert_eq!(bodies, expected);
    assert_eq!(fixture.number("SELECT count(*) FROM events").await, 11);
    assert_eq!(fixture.number("SELECT count(*) FROM commands WHERE status = 'applied'").await, 11);
}

// CMD-6
#[tokio::test]
async fn a_broken_rule_is_an_outcome_and_no_failure() {
    over_every_store(async |fixture| {
        let command = fixture.post("thr_none", "into nothing").await;
        fixture.drain().await;
        let deliveries = fixture.receive::<CmdAddPost>().await;
        assert_eq!(fixture.handle::<CmdAddPost>(&deliveries).await, [Verdict::Done]);
        let row = fixture.rows("SELECT command_id, status, attempts, outcome, pos, dead_letter_id FROM commands").await;
        let outcome = "{\"rejection\":{\"code\":\"not_found\",\"detail\":\"no such thread\"}}";
        assert_eq!(serde_json::json!(row), serde_json::json!([[command, "rejected", 1, outcome, null, null]]));
        assert_eq!(fixture.number("SELECT count(*) FROM events").await, 0);
        assert_eq!(fixture.number("SELECT count(*) FROM dead_letters").await, 0);
        // Delivered again, it is not tried again.
        assert_eq!(fixture.handle::<CmdAddPost>(&deliveries).await, [Verdict::Done]);
        assert_eq!(fixture.number("SELECT attempts FROM commands").await, 1);
    })
    .await;
}

// CMD-11
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn an_event_appended_behind_a_decision_makes_it_decide_again() {
    let fixture = Fixture::new().await;
    let thread = fixture.open("Which way").await;
    fixture.settle().await;
    let mut workers = tokio::task::JoinSet::new();
    // Commands of the thread under streams of their own, so that nothing but the version keeps them apart.
    for n in 0..12 {
        fixture.post(&thread, &format!("post {n}")).await;
    }
    fixture.execute("UPDATE commands SET stream = 'thread/' || command_id WHERE status = 'accepted'").await;
    fixture.drain().await;
    for delivery in fixture.receive::<CmdAddPost>().await {
        let (ctx, record) = (fixture.ctx.clone(), record(&delivery));
        workers.spawn(async move { batch::run::<CmdAddPost>(&ctx, &[record], None).await });
    }
    for verdicts in workers.join_all().await {
        assert_eq!(verdicts, [Verdict::Done]);
    }
    assert_eq!(fixture.number("SELECT version FROM threads").await, 13);
    assert_eq!(fixture.number("SELECT count(DISTINCT version) FROM events").await, 13);
    assert_eq!(fixture.number("SELECT count(*) FROM posts").await, 13);
    assert_eq!(fixture.number("SELECT max(attempts) FROM commands").await, 1);
}

// TRANSPORT-11
#[tokio::test]
async fn a_doorbell_that_names_another_tenant_than_its_row_is_parked_at_once() {
    over_every_store(async |fixture| {
        fixture.open("Which way").await;
        fixture.drain().await;
        let delivery = fixture.receive::<CmdOpenThread>().await.swap_remove(0);
        let foreign = Record {
            body: delivery.body.replace("/teams/local/projects/default", "/teams/other/projects/default").into(),
            ..record(&delivery)
        };
        assert_eq!(batch::run::<CmdOpenThread>(&fixture.ctx, &[foreign], None).await, [Verdict::Done]);
        let letters = fixture.rows("SELECT team_id, source, function, error_class, attempts FROM dead_letters").await;
        let expected = serde_json::json!([["other", "delivery", "cmd-open-thread", "unknown_command", 1]]);
        assert_eq!(serde_json::json!(letters), expected);
        assert_eq!(fixture.texts("SELECT status FROM commands").await, ["accepted"]);
        assert_eq!(fixture.number("SELECT attempts FROM commands").await, 0);
        fixture.handle::<CmdOpenThread>(&[delivery]).await;
        assert_eq!(fixture.texts("SELECT status FROM commands").await, ["applied"]);
    })
    .await;
}

// TRANSPORT-11
#[tokio::test]
async fn what_cannot_be_decoded_is_parked_at_once_and_its_neighbours_are_handled() {
    over_every_store(async |fixture| {
        fixture.open("One").await;
        fixture.open("Two").await;
        fixture.drain().await;
        let deliveries = fixture.receive::<CmdOpenThread>().await;
        let no_source = deliveries[0].body.replace("/teams/local/projects/default", "elsewhere");
        let no_id = deliveries[0].body.replace("\"id\":\"msg_", "\"id\":\"thr_");
        let mut records: Vec<Record> = deliveries.iter().map(record).collect();
        for (index, body) in ["", "{}", "not json", no_source.as_str(), no_id.as_str()].iter().enumerate() {
            let damaged = Record { message_id: format!("msg_{index}"), body: (*body).into(), ..record(&deliveries[0]) };
            records.insert(index, damaged);
        }
        let verdicts = batch::run::<CmdOpenThread>(&fixture.ctx, &records, None).await;
        assert_eq!(verdicts, vec![Verdict::Done; 7]);
        let letters = fixture.rows("SELECT error_class, message_id FROM dead_letters ORDER BY message_id").await;
        let expected: Vec<_> = (0..5).map(|n| serde_json::json!(["undecodable", format!("msg_{n}")])).collect();
        assert_eq!(serde_json::json!(letters), serde_json::json!(expected));
        assert_eq!(fixture.texts("SELECT title FROM threads ORDER BY title").await, ["One", "Two"]);
    })
    .await;
}

// FORUM-3: the actor is the command's, not the function's
#[tokio::test]
async fn each_event_is_by_the_actor_of_its_command() {
    let fixture = Fixture::new().await;
    let thread = fixture.open("Which way").await;
    let human = Actor { actor_type: ActorType::Human, actor_name: "grace".to_owned() };
    fixture.accept_by(human, AddPost { thread_id: thread, body: "left".to_owned() }).await;
    fixture.settle().await;
    let actors = fixture.texts("SELECT actor_type || ':' || actor_name FROM events ORDER BY pos").await;
    assert_eq!(actors, ["agent:ada", "human:grace"]);
    let actors = fixture.texts("SELECT actor_type || ':' || actor_name FROM posts ORDER BY id").await;
    assert_eq!(actors, ["agent:ada", "human:grace"]);
}
