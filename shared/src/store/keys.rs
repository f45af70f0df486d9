//! API keys and login tokens. Only their hashes are stored.

use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::connection::Row;
use super::statement::{Guard, Statement, nullable};
use super::{Reader, StoreError};
use crate::clock::Time;
use crate::value::{Actor, ActorType, KeyScope, Word};

/// What a key is for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Purpose {
    /// Made by a person for a program.
    #[default]
    Api,
    /// Lives in a browser's cookie.
    Login,
    /// The owner's own, in a file beside a local database.
    Owner,
}

impl Word for Purpose {
    const NAME: &'static str = "purpose";
    const ALL: &'static [(&'static str, Self)] = &[("api", Self::Api), ("login", Self::Login), ("owner", Self::Owner)];
}

/// A key as shown: never its secret.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, ToSchema)]
pub struct ApiKey {
    /// Identity.
    pub key_id: String,
    /// What it is for.
    #[serde(skip, default)]
    pub purpose: Purpose,
    /// Team it belongs to.
    pub team_id: String,
    /// The one project it reaches; absent means the whole team.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub project_id: Option<String>,
    /// What it is called.
    pub name: String,
    /// What it may do.
    pub scopes: Vec<KeyScope>,
    /// The actor it always acts as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_type: Option<ActorType>,
    /// The actor it always acts as.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub actor_name: Option<String>,
    /// When it was made, RFC 3339 UTC.
    #[schema(value_type = String, format = DateTime)]
    pub created_at: Time,
    /// When it stops working, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub expires_at: Option<Time>,
    /// When it was revoked, RFC 3339 UTC.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[schema(value_type = Option<String>, format = DateTime)]
    pub revoked_at: Option<Time>,
    /// Requests per second it may make; the server's setting holds where it says nothing.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rate_limit: Option<u32>,
}

impl ApiKey {
    /// The actor it is bound to, if it is.
    #[must_use]
    pub fn actor(&self) -> Option<Actor> {
        Some(Actor { actor_type: self.actor_type?, actor_name: self.actor_name.clone()? })
    }

    /// Who acts with it without naming anybody: the actor it is bound to, else a person of its name.
    #[must_use]
    pub fn own_actor(&self) -> Actor {
        self.actor().unwrap_or_else(|| Actor { actor_type: ActorType::Human, actor_name: self.name.clone() })
    }

    /// The statement that stores it under the hash of its secret.
    #[must_use]
    pub fn insert(&self, secret_hash: String) -> Statement {
        let params = vec![
            self.key_id.clone().into(),
            self.team_id.clone().into(),
            nullable(self.project_id.clone()),
            self.name.clone().into(),
            secret_hash.into(),
            serde_json::to_string(&self.scopes).unwrap_or_default().into(),
            nullable(self.actor_type.map(Word::as_str)),
            nullable(self.actor_name.clone()),
            self.purpose.as_str().into(),
            nullable(self.expires_at.map(|time| time.0)),
            nullable(self.rate_limit.map(i64::from)),
        ];
        Statement::new(include_str!("sql/insert_key.sql"), params)
    }
}

/// The key with this secret hash.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn find(reader: &mut Reader<'_>, secret_hash: &str) -> Result<Option<ApiKey>, StoreError> {
    reader.row(include_str!("sql/find_key.sql"), vec![secret_hash.to_owned().into()])?.map(key).transpose()
}

/// A key made by a person that was not revoked, by its id, within a team and perhaps one project.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn find_made(
    reader: &mut Reader<'_>,
    (team_id, project_id): (&str, Option<&str>),
    key_id: &str,
) -> Result<Option<ApiKey>, StoreError> {
    let params = vec![key_id.to_owned().into(), team_id.to_owned().into(), nullable(project_id.map(str::to_owned))];
    reader.row(include_str!("sql/find_made_key.sql"), params)?.map(key).transpose()
}

/// The key in the file of a team's owner, as long as it was not revoked.
///
/// # Errors
/// When the read fails or the row is damaged.
pub fn find_of_owner(reader: &mut Reader<'_>, team_id: &str) -> Result<Option<ApiKey>, StoreError> {
    reader.row(include_str!("sql/find_key_of_owner.sql"), vec![team_id.to_owned().into()])?.map(key).transpose()
}

/// Keys made by people, oldest first, after the id `after`.
///
/// # Errors
/// When the read fails or a row is damaged.
pub fn list(
    reader: &mut Reader<'_>,
    team_id: &str,
    project_id: Option<&str>,
    after: &str,
    limit: u32,
) -> Result<Vec<ApiKey>, StoreError> {
    let params = vec![
        team_id.to_owned().into(),
        nullable(project_id.map(str::to_owned)),
        after.to_owned().into(),
        i64::from(limit).into(),
    ];
    reader.rows(include_str!("sql/list_keys.sql"), params)?.into_iter().map(key).collect()
}

/// The statements that revoke a key, guarded on there being one to revoke.
#[must_use]
pub fn revoke(team_id: &str, project_id: Option<&str>, key_id: &str) -> [Statement; 2] {
    let params = vec![key_id.to_owned().into(), team_id.to_owned().into(), nullable(project_id.map(str::to_owned))];
    let revoke = Statement::new(include_str!("sql/revoke_key.sql"), params);
    [revoke, Statement::changed_one_row(Guard::RowUnchanged)]
}

/// The statement that stores a login token's hash.
#[must_use]
pub fn insert_login_token(token_hash: String, team_id: &str, expires_at: Time) -> Statement {
    Statement::new(
        "INSERT INTO login_tokens (token_hash, team_id, expires_at) VALUES (?1, ?2, ?3)",
        vec![token_hash.into(), team_id.to_owned().into(), expires_at.0.into()],
    )
}

/// The statements that use a login token up, guarded on its being fresh. The first one returns its team.
#[must_use]
pub fn use_login_token(token_hash: String) -> [Statement; 2] {
    let take = Statement::new(include_str!("sql/use_login_token.sql"), vec![token_hash.into()]);
    [take, Statement::changed_one_row(Guard::RowUnchanged)]
}

fn key(row: Row) -> Result<ApiKey, StoreError> {
    let mut columns = row.columns();
    let (key_id, team_id, project_id) = (columns.text()?, columns.text()?, columns.optional_text()?);
    let (name, scopes) = (columns.text()?, columns.json()?);
    let actor_type = columns.optional_text()?.and_then(|word| ActorType::parse(&word).ok());
    let (actor_name, purpose) = (columns.optional_text()?, columns.word()?);
    Ok(ApiKey {
        key_id,
        purpose,
        team_id,
        project_id,
        name,
        scopes,
        actor_type,
        actor_name,
        created_at: columns.time()?,
        expires_at: columns.optional_time()?,
        revoked_at: columns.optional_time()?,
        rate_limit: columns.optional_integer()?.and_then(|limit| u32::try_from(limit).ok()),
    })
}
