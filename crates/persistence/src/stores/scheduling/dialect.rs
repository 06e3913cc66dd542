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

    /// The same for many rows of items that are never null. PostgreSQL's own functions look each type up for each value, which
    /// costs more than all the rest; so the text is put together here.
    pub(super) fn many_lists(self, items: &[String], from: &str) -> String {
        match self {
            Self::Postgres => {
                let items = items.join(" || ',' || ");
                format!("(SELECT '[' || string_agg('[' || {items} || ']', ',') || ']' FROM {from})")
            }
            Self::Sqlite => self.lists(items, from),
        }
    }

    /// A select with a row per value of a column: the value as `id`, and its lists as `items`.
    pub(super) fn many_lists_by(self, column: &str, items: &[String], from: &str) -> String {
        let lists = match self {
            Self::Postgres => format!("string_agg('[' || {} || ']', ',')", items.join(" || ',' || ")),
            Self::Sqlite => format!("json_group_array(json_array({}))", items.join(", ")),
        };
        format!("SELECT {column} AS id, {lists} AS items FROM {from} GROUP BY {column}")
    }

    /// The `items` of [`Dialect::many_lists_by`] as an item.
    pub(super) fn list_of_many(self, column: &str) -> String {
        match self {
            Self::Postgres => format!("'[' || {column} || ']'"),
            Self::Sqlite => format!("json({column})"),
        }
    }

    /// A UUID that is never null as an item of [`Dialect::many_lists`].
    pub(super) fn uuid_of_many(self, column: &str) -> String {
        match self {
            Self::Postgres => format!("'\"' || {column} || '\"'"),
            Self::Sqlite => self.uuid(column),
        }
    }

    /// An instant as an item of [`Dialect::many_lists`]: microseconds on PostgreSQL (a double holds them exactly for the next
    /// two centuries), its text on SQLite.
    pub(super) fn instant_of_many(self, column: &str) -> String {
        match self {
            Self::Postgres => format!("(date_part('epoch', {column}) * 1000000)::bigint"),
            Self::Sqlite => column.to_owned(),
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
