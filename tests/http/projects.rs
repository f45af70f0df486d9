//! Which project a request is about, and who acts.

use serde_json::{Value, json};
use shared::value::{Actor, ActorType};
use tests::system::{KeyOf, System, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";

fn with(mut body: Value, fields: &[(&str, &str)]) -> Value {
    for (field, value) in fields {
        body[*field] = json!(value);
    }
    body
}

// HTTP-7
#[tokio::test]
async fn a_team_key_names_its_project_on_write_and_reads_its_whole_team() {
    let system = System::stepped().await;
    let of = |project| KeyOf { team: "crew", project, ..KeyOf::default() };
    let one = system.client(of(Some("one"))).await;
    let two = system.client(of(Some("two"))).await;
    let crew = system.client(of(None)).await;
    let path = format!("{THREADS}?wait=0");
    assert_eq!(crew.post(&path, &question("No")).await.refusal(), (400, "project_required".to_owned()));
    assert_eq!(crew.post(&path, &with(question("A"), &[("project_id", "one")])).await.status, 202);
    // Different streams have no order among each other.
    system.settle().await;
    assert_eq!(crew.post(&format!("{path}&project_id=two"), &question("B")).await.status, 202);
    system.settle().await;
    let titles = async |client: &tests::system::Client, query: &str| -> Vec<Value> {
        let list = client.get(&format!("{THREADS}{query}")).await;
        list.list("/items").iter().map(|item| item["title"].clone()).collect()
    };
    assert_eq!(titles(&crew, "").await, ["B", "A"]);
    assert_eq!(titles(&crew, "?project_id=one").await, ["A"]);
    assert_eq!((titles(&one, "").await, titles(&two, "").await), (vec![json!("A")], vec![json!("B")]));
    assert_eq!(one.get("/api/v1/forum/events").await.list("/events").len(), 1);
    assert_eq!(crew.get("/api/v1/forum/events").await.list("/events").len(), 2);
}

// HTTP-7, STORE-6, AUTH-4
#[tokio::test]
async fn a_foreign_team_or_project_is_403_on_write_and_404_on_read() {
    let system = System::stepped().await;
    let of = |team, project| KeyOf { team, project, ..KeyOf::default() };
    system.client(of("other", Some("far"))).await;
    let near = system.client(of("crew", Some("near"))).await;
    let crew = system.client(of("crew", None)).await;
    for (client, field, value) in [
        (&near, "project_id", "far"),
        (&near, "project_id", "unknown"),
        (&near, "team_id", "other"),
        (&crew, "project_id", "far"),
        (&crew, "project_id", "unknown"),
        (&crew, "team_id", "other"),
    ] {
        let mut body = with(question("No"), &[("project_id", "near")]);
        body[field] = json!(value);
        let refused = client.post(THREADS, &body).await;
        assert_eq!(refused.refusal(), (403, "project_denied".to_owned()), "{field} {value}");
    }
    assert_eq!(near.get(&format!("{THREADS}?project_id=far")).await.refusal(), (404, "not_found".to_owned()));
    assert_eq!(system.number("SELECT count(*) FROM commands").await, 0);
    let own = with(question("Yes"), &[("project_id", "near"), ("team_id", "crew")]);
    assert_eq!(near.post(&format!("{THREADS}?wait=0"), &own).await.status, 202);
}

// FORUM-3
#[tokio::test]
async fn the_actor_is_the_keys_and_a_body_may_not_name_another() {
    let system = System::stepped().await;
    let bound = Actor { actor_type: ActorType::Agent, actor_name: "ann".to_owned() };
    let ann = system.client(KeyOf { actor: Some(bound), ..KeyOf::default() }).await;
    let path = format!("{THREADS}?wait=0");
    for (kind, name) in [("agent", "bob"), ("human", "ann")] {
        let body = with(question("No"), &[("actor_type", kind), ("actor_name", name)]);
        assert_eq!(ann.post(&path, &body).await.refusal(), (403, "actor_mismatch".to_owned()), "{kind} {name}");
    }
    assert_eq!(ann.post(&path, &question("Silent")).await.status, 202);
    let same = with(question("Same"), &[("actor_type", " AGENT "), ("actor_name", "ann")]);
    assert_eq!(ann.post(&path, &same).await.status, 202);
    assert_eq!(system.rows("SELECT DISTINCT actor FROM commands").await, [["agent:ann"]]);
}

// FORUM-3
#[tokio::test]
async fn an_unbound_key_takes_the_bodys_actor_if_it_is_one() {
    let system = System::stepped().await;
    let path = format!("{THREADS}?wait=0");
    for (fields, pointer) in [
        (vec![("actor_type", "robot"), ("actor_name", "x")], "/actor_type"),
        (vec![("actor_type", "system"), ("actor_name", "x")], "/actor_type"),
        (vec![("actor_type", "agent")], "/actor_name"),
        (vec![("actor_name", "x")], "/actor_name"),
        (vec![("actor_type", "agent"), ("actor_name", " ")], "/actor_name"),
        (vec![("actor_type", "agent"), ("actor_name", "a\u{7}b")], "/actor_name"),
    ] {
        let refused = system.owner.post(&path, &with(question("No"), &fields)).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{fields:?}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{fields:?}");
    }
    let desk = with(question("Yes"), &[("actor_type", "operator"), ("actor_name", "desk")]);
    assert_eq!(system.owner.post(&path, &desk).await.status, 202);
    assert_eq!(system.owner.post(&path, &question("Plain")).await.status, 202);
    assert_eq!(system.rows("SELECT actor FROM commands ORDER BY seq").await, [["operator:desk"], ["human:owner"]]);
}
