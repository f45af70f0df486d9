//! `auth.mode=local`: one team, one project, one owner's key in a file beside the database, and a login link.

use std::fs::{self, OpenOptions};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::{Path, PathBuf};

use shared::auth::{LOCAL_PROJECT, LOCAL_TEAM, hash_of, new_login_token, new_secret};
use shared::ctx::Ctx;
use shared::id::Kind;
use shared::store::keys::{self, ApiKey, Purpose};
use shared::store::tenants;
use shared::store::{Commit, Durability, StoreError};
use shared::value::{KeyScope, Scope};

/// Where the owner's key lies.
#[must_use]
pub(crate) fn key_file(database: &Path) -> PathBuf {
    database.with_file_name("local.key")
}

/// Makes what is missing of team, project and owner's key.
///
/// # Errors
/// When the store or the key file cannot be written.
pub(crate) async fn prepare(ctx: &Ctx) -> Result<(), StoreError> {
    let scope = Scope { team_id: LOCAL_TEAM.to_owned(), project_id: LOCAL_PROJECT.to_owned() };
    let commit = Commit::new(Durability::Full, ctx.housekeeping("up")).then_all(tenants::ensure(&scope));
    ctx.store.commit(commit).await?;
    let path = key_file(&ctx.config.db.place());
    if still_works(ctx, &path).await? {
        return Ok(());
    }
    let secret = new_secret(&ctx.ids);
    let key = ApiKey {
        key_id: ctx.ids.next(Kind::Key),
        purpose: Purpose::Owner,
        team_id: LOCAL_TEAM.to_owned(),
        project_id: None,
        name: "owner".to_owned(),
        scopes: vec![KeyScope::Admin],
        actor_type: None,
        actor_name: None,
        created_at: ctx.clock.now(),
        expires_at: None,
        revoked_at: None,
        rate_limit: None,
    };
    let commit = Commit::new(Durability::Full, ctx.housekeeping("up")).then(key.insert(hash_of(&secret)));
    ctx.store.commit(commit).await?;
    write_private(&path, &secret).map_err(|source| StoreError::Open { path, source })
}

/// Whether the file has a key that this database knows and has not revoked.
async fn still_works(ctx: &Ctx, path: &Path) -> Result<bool, StoreError> {
    let Ok(secret) = fs::read_to_string(path) else { return Ok(false) };
    let hash = hash_of(secret.trim());
    let key = ctx.store.read(move |reader| keys::find(reader, &hash)).await?;
    Ok(key.is_some_and(|key| key.revoked_at.is_none()))
}

fn write_private(path: &Path, secret: &str) -> std::io::Result<()> {
    // A new file gets its mode when it is made: the secret is never readable by others, not even for a moment.
    match fs::remove_file(path) {
        Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
        _ => {}
    }
    let mut file = OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    writeln!(file, "{secret}")
}

/// A login link that works once, for `auth.login_ttl`.
///
/// # Errors
/// When the store cannot be written.
pub(crate) async fn login_url(ctx: &Ctx, base: &str) -> Result<String, StoreError> {
    let token = new_login_token(&ctx.ids);
    let expires_at = ctx.clock.now().plus(ctx.config.auth.login_ttl);
    let statement = keys::insert_login_token(hash_of(&token), LOCAL_TEAM, expires_at);
    ctx.store.commit(Commit::new(Durability::Full, ctx.housekeeping("up")).then(statement)).await?;
    Ok(format!("{base}/login?token={token}"))
}
