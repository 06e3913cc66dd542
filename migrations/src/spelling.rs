//! How names were compared on the day on which records that were there had their facets and labels filled in. It never changes:
//! migrations that have run depend on it.

use sea_orm_migration::prelude::DbErr;
use sea_orm_migration::sea_orm::{JsonValue, QueryResult};
use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Characters of a key.
const LONGEST: usize = 200;

/// The list in a column of JSON; none where there is none.
pub fn parts(row: &QueryResult, column: &str) -> Result<Vec<JsonValue>, DbErr> {
    let value: JsonValue = row.try_get("", column)?;
    Ok(value.as_array().cloned().unwrap_or_default())
}

/// The key by which a name of a place, an operator or a plan is known again.
pub fn key(name: &str) -> String {
    let key = normalize(name);
    let key = if key.is_empty() { name.trim().to_owned() } else { key };
    key.chars().take(LONGEST).collect()
}

/// Compatibility-decomposed, marks dropped, lower case, all but letters and digits folded to single spaces.
pub fn normalize(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let joined = text.chars().filter(|c| !matches!(c, '\'' | '’' | '´' | '`' | 'ʼ'));
    for c in joined.nfkd().filter(|c| !is_combining_mark(*c)).flat_map(char::to_lowercase) {
        match c {
            'ß' => out.push_str("ss"),
            'æ' => out.push_str("ae"),
            'œ' => out.push_str("oe"),
            'ø' => out.push('o'),
            'ł' => out.push('l'),
            'đ' | 'ð' => out.push('d'),
            'þ' => out.push_str("th"),
            'ı' => out.push('i'),
            c if c.is_alphanumeric() && !is_combining_mark(c) => out.push(c),
            c if is_combining_mark(c) => {}
            _ if !out.is_empty() && !out.ends_with(' ') => out.push(' '),
            _ => {}
        }
    }
    out.truncate(out.trim_end().len());
    out
}
