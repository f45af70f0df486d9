//! The token for the database: given in the configuration, or kept in AWS Secrets Manager and read when it is first needed.

use std::sync::Arc;

use tokio::sync::{Mutex, OnceCell};

/// A token. Clones share what was read.
#[derive(Clone)]
pub struct Token(Arc<Kept>);

enum Kept {
    Given(Option<String>),
    Stored { secret: String, client: OnceCell<aws_sdk_secretsmanager::Client>, read: Mutex<Option<String>> },
}

/// Why a secret could not be read. What the store says of it holds no secret.
#[derive(Clone, Debug, thiserror::Error)]
#[error("cannot read the secret {secret}: {why}")]
pub struct SecretError {
    /// Its name or ARN.
    secret: String,
    /// What the secret store said.
    why: String,
}

impl Token {
    /// The token that the configuration gives or names.
    #[must_use]
    pub fn of(config: &crate::config::Token) -> Self {
        Self(Arc::new(match &config.secret {
            Some(secret) => Kept::Stored { secret: secret.clone(), client: OnceCell::new(), read: Mutex::default() },
            None => Kept::Given(config.text.clone()),
        }))
    }

    /// Whether reading it again may bring another one.
    #[must_use]
    pub fn is_renewable(&self) -> bool {
        matches!(*self.0, Kept::Stored { .. })
    }

    /// The token; none where the database takes everybody.
    ///
    /// # Errors
    /// When the secret cannot be read.
    pub async fn current(&self) -> Result<Option<String>, SecretError> {
        self.renewed(None).await
    }

    /// A token other than `refused`, if somebody put one into the secret store since; many may ask at once, and one reads.
    ///
    /// # Errors
    /// When the secret cannot be read.
    pub async fn renewed(&self, refused: Option<&str>) -> Result<Option<String>, SecretError> {
        let (secret, client, read) = match &*self.0 {
            Kept::Given(token) => return Ok(token.clone()),
            Kept::Stored { secret, client, read } => (secret, client, read),
        };
        let mut read = read.lock().await;
        if let Some(token) = read.as_deref().filter(|token| refused.is_none_or(|refused| refused != *token)) {
            return Ok(Some(token.to_owned()));
        }
        let failed = |why: String| SecretError { secret: secret.clone(), why };
        let client = client
            .get_or_init(|| async {
                let config = aws_config::load_defaults(aws_config::BehaviorVersion::latest()).await;
                aws_sdk_secretsmanager::Client::new(&config)
            })
            .await;
        let answer = client.get_secret_value().secret_id(secret).send().await;
        let answer =
            answer.map_err(|error| failed(aws_sdk_secretsmanager::error::DisplayErrorContext(error).to_string()))?;
        let token = answer.secret_string().map(str::trim).filter(|token| !token.is_empty());
        let token = token.ok_or_else(|| failed("it holds no text".to_owned()))?.to_owned();
        *read = Some(token.clone());
        Ok(Some(token))
    }
}
