//! The few words of SQL in which the two databases differ, for queries that answer with JSON.

/// A database's way to say things. On SQLite a UUID is bytes, which JSON cannot hold, and a boolean a number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dialect {
    /// PostgreSQL.
    Postgres,
    /// SQLite.
    Sqlite,
}

impl Dialect {
    pub(super) fn of(postgres: bool) -> Self {
        if postgres { Self::Postgres } else { Self::Sqlite }
    }

    /// A sub-select with a JSON list of lists as text; null instead of an empty one on PostgreSQL.
    pub(super) fn lists(self, items: &[String], from: &str) -> String {
        let items = items.join(", ");
        match self {
            Self::Postgres => format!("(SELECT json_agg(json_build_array({items}))::text FROM {from})"),
            Self::Sqlite => format!("(SELECT json_group_array(json_array({items})) FROM {from})"),
        }
    }

    /// A sub-select with a JSON list of UUIDs as text, never null.
    pub(super) fn uuids(self, column: &str, from: &str) -> String {
        match self {
            Self::Postgres => format!("COALESCE((SELECT json_agg({column})::text FROM {from}), '[]')"),
            Self::Sqlite => format!("(SELECT json_group_array(lower(hex({column}))) FROM {from})"),
        }
    }

    /// A UUID as an item of a JSON list.
    pub(super) fn uuid(self, column: &str) -> String {
        match self {
            Self::Postgres => column.to_owned(),
            Self::Sqlite => format!("nullif(lower(hex({column})), '')"),
        }
    }

    /// A boolean as an item of a JSON list.
    pub(super) fn flag(self, column: &str) -> String {
        match self {
            Self::Postgres => column.to_owned(),
            Self::Sqlite => format!("json(iif({column}, 'true', 'false'))"),
        }
    }

    /// JSON as an item of a JSON list.
    pub(super) fn json(self, column: &str) -> String {
        match self {
            Self::Postgres => column.to_owned(),
            Self::Sqlite => format!("json({column})"),
        }
    }

    /// A parameter that is a UUID and may be null.
    pub(super) fn uuid_parameter(self, number: usize) -> String {
        match self {
            Self::Postgres => format!("${number}::uuid"),
            Self::Sqlite => format!("${number}"),
        }
    }

    /// An instant some minutes later (earlier, if they are negative): exact on PostgreSQL, to a minute on SQLite, which is told
    /// to err to the outside.
    pub(super) fn shifted(self, instant: &str, sign: char, minutes: &str) -> String {
        match self {
            Self::Postgres => format!("{instant} {sign} make_interval(mins => {minutes})"),
            Self::Sqlite => {
                format!("strftime('%Y-%m-%dT%H:%M:%S', {instant}, '{sign}' || ({minutes} + 1) || ' minutes')")
            }
        }
    }
}
