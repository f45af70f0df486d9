//! Values and rows between the store's own types and the protocol's.

use libsql_hrana::proto::{self, Stmt, StmtResult};

use crate::store::connection::Row;
use crate::store::error::StoreError;
use crate::store::statement::Value;

/// A statement with its parameters.
pub(super) fn statement(sql: &str, params: Vec<Value>, want_rows: bool) -> Result<Stmt, StoreError> {
    let mut statement = Stmt::new(sql, want_rows);
    for value in params {
        statement.bind(sent(value)?);
    }
    Ok(statement)
}

fn sent(value: Value) -> Result<proto::Value, StoreError> {
    Ok(match value {
        Value::Null => proto::Value::Null,
        Value::Integer(value) => proto::Value::Integer { value },
        Value::Real(value) if value.is_finite() => proto::Value::Float { value },
        Value::Real(_) => return Err(StoreError::Row("a number that JSON cannot carry".to_owned())),
        Value::Text(text) => proto::Value::Text { value: text.into() },
        Value::Blob(bytes) => proto::Value::Blob { value: bytes.into() },
    })
}

/// The rows of a result.
pub(super) fn rows(result: StmtResult) -> Result<Vec<Row>, StoreError> {
    let row = |row: proto::Row| row.values.into_iter().map(received).collect::<Result<Vec<_>, _>>().map(Row::of);
    result.rows.into_iter().map(row).collect()
}

fn received(value: proto::Value) -> Result<Value, StoreError> {
    Ok(match value {
        proto::Value::Null => Value::Null,
        proto::Value::Integer { value } => Value::Integer(value),
        proto::Value::Float { value } => Value::Real(value),
        proto::Value::Text { value } => Value::Text(value.to_string()),
        proto::Value::Blob { value } => Value::Blob(value.to_vec()),
        proto::Value::None => return Err(StoreError::Row("a value of no type".to_owned())),
    })
}
