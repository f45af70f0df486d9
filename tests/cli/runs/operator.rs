//! Operating runs: what is decided, and what is done about it.

use serde_json::{Value, json};
use tests::system::{Server, Setup, System};
use tests::world::World;

use super::{signal, started};
use crate::command::Shell;

// CLI-8, RUN-18, RUN-20
#[tokio::test]
async fn an_operator_tells_one_decision_per_run_and_changes_nothing_until_it_may() {
    let system = System::running().await;
    let shell = Shell::of(&system);
    let closed = started(&shell, &[]).await;
    shell.say(&["run", "state", &closed, "completed"]).await;
    shell.say(&["run", "close", &closed]).await;
    let (waiting, calm) = (started(&shell, &["--agent", "ada"]).await, started(&shell, &[]).await);
    shell.say(&signal(&waiting, "guidance_request", &["--question", "Which?"])).await;
    let head = system.settle().await;
    let commands = system.number("SELECT count(*) FROM commands").await;

    let mut deciding = shell.follow(&["operator", "--interval", "100ms", "--json"]);
    assert_eq!(deciding.note().await, "deciding only; --execute acts");
    for _ in 0..2 {
        for (run, intent, agent) in [(&calm, "noop", Value::Null), (&waiting, "escalate_guidance", json!("ada"))] {
            let decision = deciding.json().await;
            assert_eq!((&decision["run_id"], &decision["intent"]), (&json!(run), &json!(intent)), "{decision}");
            assert_eq!((&decision["agent_name"], &decision["executed"]), (&agent, &json!(false)), "{decision}");
        }
    }
    deciding.interrupt();
    let ended = deciding.end().await;
    assert_eq!((ended.code, ended.stderr.as_str()), (Some(0), ""));
    assert_eq!(system.settle().await, head, "nothing happened");
    assert_eq!(system.number("SELECT count(*) FROM commands").await, commands);

    let mut acting = shell.follow(&["operator", "--run", &waiting, "--execute"]);
    let decision = format!("{waiting}  escalate_guidance  ada  ada waits for guidance  executed");
    assert_eq!(acting.line().await, decision);
    acting.interrupt();
    let ended = acting.end().await;
    assert_eq!((ended.code, ended.stdout.as_str(), ended.stderr.as_str()), (Some(0), "", ""));
    system.settle().await;
    let escalated = "SELECT count(*) FROM events WHERE type = 'forum.sla.escalation_requested'";
    assert_eq!(system.number(escalated).await, 1);
    system.stop().await;
}

// CLI table: operator is a loop; CLI-8
#[tokio::test]
async fn an_operator_outlives_a_server_that_goes_away() {
    let setup = Setup::running();
    let database = setup.database();
    let server = Server::start(&database).await;
    let address = server.url().replace("http://", "");
    let shell = Shell::at(&server.url(), &database);
    let run = started(&shell, &[]).await;
    let mut deciding = shell.follow(&["operator", "--interval", "100ms", "--timeout", "1s"]);
    assert_eq!(deciding.note().await, "deciding only; --execute acts");
    assert_eq!(deciding.line().await, format!("{run}  noop  -  healthy  not executed"));
    server.kill().await;
    assert!(deciding.note().await.starts_with("warning: "));
    let server = Server::start_with(&database, &["--addr", &address, "--json"]).await;
    let later = started(&shell, &[]).await;
    while !deciding.line().await.starts_with(&later) {}
    deciding.interrupt();
    assert_eq!(deciding.end().await.code, Some(0));
    server.kill().await;
}
