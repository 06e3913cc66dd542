//! Rows of a sub-select as one JSON column, said as each database says it: what belongs to a patient comes with it in one
//! statement.

use chrono::{DateTime, Utc};
use kernel::StoreError;
use sea_orm::entity::prelude::Json;
use sea_orm::sea_query::Expr;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Deserializer, de};
use uuid::Uuid;

use crate::SeaTx;

/// How the database writes JSON.
#[derive(Clone, Copy)]
pub(super) struct Dialect {
    is_postgres: bool,
}

/// A member of an object: its name and, in SQL, its value.
pub(super) type Member = (&'static str, String);

impl Dialect {
    pub(super) fn of(tx: &SeaTx) -> Self {
        Self { is_postgres: tx.is_postgres() }
    }

    /// A column that JSON has a form for.
    pub(super) fn plain(name: &'static str, sql: &str) -> Member {
        (name, sql.to_owned())
    }

    /// A column with an id, or with nothing.
    pub(super) fn id(self, name: &'static str, sql: &str) -> Member {
        (name, if self.is_postgres { sql.to_owned() } else { format!("nullif(hex({sql}), '')") })
    }

    /// A column with bytes, in hexadecimal, or with nothing.
    pub(super) fn bytes(self, name: &'static str, sql: &str) -> Member {
        (name, if self.is_postgres { format!("encode({sql}, 'hex')") } else { format!("nullif(hex({sql}), '')") })
    }

    /// A scalar sub-select that answers with JSON, or with nothing.
    pub(super) fn nested(self, name: &'static str, select: &str) -> Member {
        (name, if self.is_postgres { format!("({select})") } else { format!("json(({select}))") })
    }

    /// An object.
    pub(super) fn object(self, members: &[Member]) -> String {
        let members: Vec<String> = members.iter().map(|(name, sql)| format!("'{name}', {sql}")).collect();
        let function = if self.is_postgres { "jsonb_build_object" } else { "json_object" };
        format!("{function}({})", members.join(", "))
    }

    /// The objects of all rows in an order; empty when there are none.
    pub(super) fn list(self, members: &[Member], order: &str) -> Expr {
        Expr::cust(self.list_text(members, order))
    }

    /// The same as text.
    pub(super) fn list_text(self, members: &[Member], order: &str) -> String {
        let object = self.object(members);
        if self.is_postgres {
            format!("COALESCE(jsonb_agg({object} ORDER BY {order}), '[]'::jsonb)")
        } else {
            format!("json_group_array({object} ORDER BY {order})")
        }
    }
}

/// Bytes in hexadecimal.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Hex(pub(super) Vec<u8>);

impl<'de> Deserialize<'de> for Hex {
    fn deserialize<D: Deserializer<'de>>(from: D) -> Result<Self, D::Error> {
        let text = String::deserialize(from)?;
        let digits: Option<Vec<u8>> = text.chars().map(|digit| digit.to_digit(16)?.try_into().ok()).collect();
        let digits = digits.filter(|digits| digits.len() % 2 == 0).ok_or_else(|| de::Error::custom("no bytes"))?;
        let bytes = digits.chunks_exact(2).map(|pair| pair.iter().fold(0, |byte: u8, digit| (byte << 4) | digit));
        Ok(Self(bytes.collect()))
    }
}

/// The rows of such a column. The cause of a failure stays behind, because it would quote a value.
pub(super) fn rows<T: DeserializeOwned>(column: Json) -> Result<T, StoreError> {
    serde_json::from_value(column).ok().ok_or_else(|| StoreError::broken("what belongs to a patient cannot be read"))
}

/// An act and who did it, as the columns of `journal_entry e` and `membership m` tell.
#[derive(Debug, Deserialize)]
pub(super) struct Act {
    pub(super) at: DateTime<Utc>,
    pub(super) membership: Option<Uuid>,
    pub(super) name: Option<String>,
    pub(super) api_key: Option<Uuid>,
}

impl Act {
    /// The members that it is read from.
    pub(super) fn members(dialect: Dialect) -> [Member; 4] {
        [
            Dialect::plain("at", "e.at"),
            dialect.id("membership", "e.membership_id"),
            Dialect::plain("name", "m.display_name"),
            dialect.id("api_key", "e.api_key_id"),
        ]
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn bytes_are_read_from_either_case_and_nothing_else() {
        assert_eq!(rows::<Hex>(json!("00ffA9")).unwrap(), Hex(vec![0, 255, 169]));
        for text in ["0", "0g", "é0"] {
            assert!(rows::<Hex>(json!(text)).is_err(), "{text}");
        }
    }
}
