//! A parsed value, and the step from it to the type of a field in `Config`.

use std::net::SocketAddr;
use std::time::Duration;

use super::Database;
use super::words::{AuthMode, LogFormat, ProviderKind, TransportKind};

/// A value that passed the check of its kind.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Value {
    Address(SocketAddr),
    Database(Database),
    Duration(Duration),
    /// An integer, or a number of bytes.
    Number(u64),
    Bool(bool),
    Word(&'static str),
    Text(String),
    /// No source named one, and the default follows from other settings.
    Derived,
}

/// A field's type. `None` means that the table gives the key another kind.
pub(super) trait FromValue: Sized {
    fn from_value(value: &Value) -> Option<Self>;
}

impl FromValue for SocketAddr {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Address(address) = value { Some(*address) } else { None }
    }
}

impl FromValue for Database {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Database(database) = value { Some(database.clone()) } else { None }
    }
}

impl FromValue for Duration {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Duration(duration) = value { Some(*duration) } else { None }
    }
}

impl FromValue for u32 {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Number(number) = value { Self::try_from(*number).ok() } else { None }
    }
}

impl FromValue for usize {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Number(number) = value { Self::try_from(*number).ok() } else { None }
    }
}

impl FromValue for bool {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Bool(flag) = value { Some(*flag) } else { None }
    }
}

impl FromValue for String {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Text(text) = value { Some(text.clone()) } else { None }
    }
}

impl FromValue for Option<String> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Derived => Some(None),
            Value::Text(text) => Some(Some(text.clone())),
            _ => None,
        }
    }
}

impl FromValue for TransportKind {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Word(word) = value { Self::from_word(word) } else { None }
    }
}

impl FromValue for ProviderKind {
    fn from_value(value: &Value) -> Option<Self> {
        if let Value::Word(word) = value { Self::from_word(word) } else { None }
    }
}

impl FromValue for Option<AuthMode> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Derived => Some(None),
            Value::Word(word) => AuthMode::from_word(word).map(Some),
            _ => None,
        }
    }
}

impl FromValue for Option<LogFormat> {
    fn from_value(value: &Value) -> Option<Self> {
        match value {
            Value::Derived => Some(None),
            Value::Word(word) => LogFormat::from_word(word).map(Some),
            _ => None,
        }
    }
}
