//! Which projects there are, which one a request is about, and who acts.

mod archive;

use std::collections::BTreeSet;

use futures::future::join_all;
use serde_json::{Value, json};
use shared::value::{Actor, ActorType, KeyScope};
use tests::system::{Client, KeyOf, System, question};
use tests::world::World;

const THREADS: &str = "/api/v1/forum/threads";
const PROJECTS: &str = "/api/v1/projects";

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

/// An admin of the whole team `crew`, which has the project `one`.
async fn crew(system: &System) -> Client {
    let admin = KeyOf { team: "crew", project: Some("one"), scopes: &[KeyScope::Admin], ..KeyOf::default() };
    system.client(admin.clone()).await;
    system.client(KeyOf { project: None, ..admin }).await
}

async fn ids(client: &Client, query: &str) -> Vec<String> {
    let list = client.get(&format!("{PROJECTS}{query}")).await;
    assert_eq!(list.status, 200, "{}", list.body);
    list.list("/items").iter().map(|item| item["project_id"].as_str().expect("an id").to_owned()).collect()
}

// STORE-8, AUTH-12
#[tokio::test]
async fn a_project_has_the_id_it_is_given_or_one_that_follows_from_its_name() {
    let system = System::stepped().await;
    let crew = crew(&system).await;
    let made = system.owner.post(PROJECTS, &json!({ "name": " Web Shop " })).await;
    let expected = json!({ "project_id": "web-shop", "team_id": "local", "name": "Web Shop",
        "created_at": "2026-01-31T12:00:00.000Z" });
    assert_eq!((made.status.as_u16(), &made.body), (201, &expected));
    let create = async |client: &Client, body: Value| client.post(PROJECTS, &body).await;
    assert_eq!(create(&crew, json!({ "name": "web-shop" })).await.text("/project_id"), "web-shop-2", "of another team");
    assert_eq!(create(&crew, json!({ "name": "Other", "id": "web-shop-4" })).await.text("/project_id"), "web-shop-4");
    for id in ["web-shop-3", "web-shop-5"] {
        assert_eq!(create(&system.owner, json!({ "name": "Web shop" })).await.text("/project_id"), id);
    }
    for taken in ["web-shop", "web-shop-2", "default"] {
        let refused = create(&system.owner, json!({ "name": "Mine", "id": taken })).await;
        assert_eq!(refused.refusal(), (409, "already_exists".to_owned()), "{taken}");
    }
    assert_eq!(ids(&system.owner, "").await, ["default", "web-shop", "web-shop-3", "web-shop-5"]);
    assert_eq!(ids(&crew, "").await, ["crew", "one", "web-shop-2", "web-shop-4"]);
    let trail = "SELECT subject, project_id, team_id FROM audit WHERE action = 'projects.create' ORDER BY id LIMIT 2";
    assert_eq!(system.rows(trail).await, [["web-shop", "web-shop", "local"], ["web-shop-2", "web-shop-2", "crew"]]);
    let opened = system.apply(THREADS, &with(question("New"), &[("project_id", "web-shop")])).await;
    assert_eq!(opened.text("/thread/project_id"), "web-shop");
    let at_once = json!({ "name": "At once" });
    let all = join_all((0..6).map(|_| crew.post(PROJECTS, &at_once))).await;
    let different: BTreeSet<_> = all.iter().map(|made| made.text("/project_id")).collect();
    assert_eq!(different.len(), 6, "{different:?}");
}

// STORE-8
#[tokio::test]
async fn a_project_that_makes_no_sense_is_refused_field_by_field() {
    let system = System::stepped().await;
    for (body, pointer) in [
        (json!({}), "/name"),
        (json!({ "name": " " }), "/name"),
        (json!({ "name": "a\u{7}b" }), "/name"),
        (json!({ "name": "x".repeat(129) }), "/name"),
        (json!({ "name": "n", "id": "" }), "/id"),
        (json!({ "name": "n", "id": "2nd" }), "/id"),
        (json!({ "name": "n", "id": "Web" }), "/id"),
        (json!({ "name": "n", "id": "a/b" }), "/id"),
        (json!({ "name": "n", "id": "x".repeat(41) }), "/id"),
        (json!({ "name": "n", "team_id": "local" }), "/team_id"),
    ] {
        let refused = system.owner.post(PROJECTS, &body).await;
        assert_eq!(refused.refusal(), (400, "invalid_request".to_owned()), "{body}");
        assert_eq!(refused.body["errors"][0]["pointer"], pointer, "{body}");
    }
    assert_eq!(system.number("SELECT count(*) FROM projects").await, 1);
}

// AUTH-4, AUTH-6, HTTP-5
#[tokio::test]
async fn a_project_key_makes_no_projects_and_sees_only_its_own() {
    let system = System::stepped().await;
    let crew = crew(&system).await;
    let admin = KeyOf { team: "crew", project: Some("one"), scopes: &[KeyScope::Admin], ..KeyOf::default() };
    let one = system.client(admin.clone()).await;
    let memories = system.client(KeyOf { scopes: &[KeyScope::MemoriesRead], ..admin.clone() }).await;
    let writer = system.client(KeyOf { scopes: &[KeyScope::ForumWrite], ..admin }).await;
    for id in ["three", "two"] {
        assert_eq!(crew.post(PROJECTS, &json!({ "name": id })).await.status, 201);
    }
    let refused = one.post(PROJECTS, &json!({ "name": "More" })).await;
    assert_eq!(refused.refusal(), (403, "project_denied".to_owned()));
    assert_eq!(memories.post(PROJECTS, &json!({ "name": "M" })).await.refusal(), (403, "scope_denied".to_owned()));
    assert_eq!(ids(&one, "").await, ["one"]);
    assert_eq!(ids(&memories, "?archived=true").await, ["one"]);
    assert_eq!(writer.get(PROJECTS).await.refusal(), (403, "scope_denied".to_owned()));
    for foreign in ["two", "default"] {
        assert_eq!(one.get(&format!("{PROJECTS}?project_id={foreign}")).await.refusal().0, 404, "{foreign}");
        let archive = one.post(&format!("{PROJECTS}/{foreign}/archive"), &json!({})).await;
        assert_eq!(archive.refusal(), (404, "not_found".to_owned()), "{foreign}");
    }
    assert!(ids(&crew, "?project_id=default").await.is_empty(), "another team's");
    let (mut seen, mut query) = (Vec::new(), "?limit=1".to_owned());
    loop {
        let page = crew.get(&format!("{PROJECTS}{query}")).await;
        seen.push(page.text("/items/0/project_id"));
        let Some(next) = page.body["next_cursor"].as_str() else { break };
        query = format!("?limit=1&cursor={next}");
    }
    assert_eq!(seen, ["crew", "one", "three", "two"]);
    assert_eq!(system.number("SELECT count(*) FROM projects WHERE archived_at IS NOT NULL").await, 0);
}
