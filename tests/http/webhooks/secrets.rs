//! What deliveries are signed with: who makes a secret, which one holds, and what happens without any.

use serde_json::json;
use shared::value::KeyScope;
use tests::system::{Client, KeyOf, Setup, System};
use tests::world::World;

use super::{Hook, OPENED, PING, commands, nothing, outcome};

// PR-12
#[tokio::test]
async fn without_a_secret_or_a_project_there_is_nothing_to_deliver_to() {
    let system = System::stepped().await;
    let nowhere = |project| Hook { client: Client::new(&system.harness.url), project, secret: "guess".to_owned() };
    for project in ["default", "unknown", "%20"] {
        let refused = nowhere(project).deliver("pull_request", "d-1", OPENED).await;
        assert_eq!(refused.refusal(), (404, "not_found".to_owned()), "{project}");
    }
    let hook = Hook::of(&system, "default").await;
    assert_eq!(outcome(&hook.deliver("ping", "d-1", PING).await), nothing("ignored"));
    system.execute("UPDATE projects SET archived_at = 1 WHERE project_id = 'default'").await;
    assert_eq!(hook.deliver("ping", "d-2", PING).await.refusal(), (404, "not_found".to_owned()), "archived");
    assert_eq!(commands(&system).await, 0);
}

// PR-12
#[tokio::test]
async fn the_secret_of_the_settings_holds_for_projects_without_their_own() {
    let system = Setup::stepped().set("webhooks.github_secret", "for all").start().await;
    let general = |project| Hook { client: Client::new(&system.harness.url), project, secret: "for all".to_owned() };
    assert_eq!(outcome(&general("default").deliver("ping", "d-1", PING).await), nothing("ignored"));
    assert_eq!(general("unknown").deliver("ping", "d-1", PING).await.refusal(), (404, "not_found".to_owned()));
    let first = Hook::of(&system, "default").await;
    let second = Hook::of(&system, "default").await;
    for replaced in [general("default"), first] {
        assert_eq!(replaced.deliver("ping", "d-2", PING).await.refusal(), (401, "unauthenticated".to_owned()));
    }
    assert_eq!(outcome(&second.deliver("ping", "d-2", PING).await), nothing("ignored"));
}

// PR-12, AUTH-4
#[tokio::test]
async fn a_secret_is_made_by_who_may_shown_once_and_written_to_the_trail() {
    let system = System::stepped().await;
    let of = |scopes: &'static [KeyScope], project| KeyOf { scopes, project: Some(project), ..KeyOf::default() };
    let admin = system.client(of(&[KeyScope::Admin], "two")).await;
    let writer = system.client(of(&[KeyScope::ForumWrite], "default")).await;
    let path = |project: &str| format!("/api/v1/projects/{project}/webhook-secret");
    assert_eq!(Client::new(&system.harness.url).post(&path("two"), &json!({})).await.status, 401);
    assert_eq!(writer.post(&path("default"), &json!({})).await.refusal(), (403, "scope_denied".to_owned()));
    for unreached in ["default", "unknown"] {
        assert_eq!(
            admin.post(&path(unreached), &json!({})).await.refusal(),
            (404, "not_found".to_owned()),
            "{unreached}"
        );
    }
    let foreign = KeyOf { team: "crew", project: None, scopes: &[KeyScope::Admin], ..KeyOf::default() };
    let foreign = system.client(foreign).await;
    assert_eq!(foreign.post(&path("two"), &json!({})).await.refusal(), (404, "not_found".to_owned()));
    let made = admin.post(&path("two"), &json!({})).await;
    assert_eq!((made.status.as_u16(), made.text("/project_id").as_str()), (201, "two"));
    assert_eq!(made.text("/path"), "/api/v1/webhooks/github/two");
    let secret = made.text("/secret");
    assert!(secret.len() == 64 && secret.bytes().all(|byte| byte.is_ascii_hexdigit()), "{secret}");
    system.owner.post(&path("default"), &json!({})).await;
    let trail =
        system.rows("SELECT action, subject, project_id, outcome FROM audit WHERE outcome = 'ok' ORDER BY id").await;
    let entry = |project| ["webhook_secret.create", project, project, "ok"];
    assert_eq!(trail, [entry("two"), entry("default")]);
    assert!(!trail.iter().flatten().any(|value| value == &secret));
}
