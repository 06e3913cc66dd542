//! Pages of a list: an opaque cursor that holds the last row's sort key.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// How many items a page has when nothing is asked.
pub const DEFAULT_LIMIT: u16 = 50;
/// How many items a page has at most.
pub const MAX_LIMIT: u16 = 200;

/// An opaque place in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Cursor(String);

/// A text that is no cursor of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a cursor of this list")]
pub struct InvalidCursor;

impl Cursor {
    /// A cursor from the text a caller sent back.
    pub fn from_text(text: impl Into<String>) -> Self {
        Self(text.into())
    }

    /// The cursor behind the row with this key.
    pub fn after<K: Serialize>(key: &K) -> Self {
        Self(URL_SAFE_NO_PAD.encode(serde_json::to_vec(key).unwrap_or_default()))
    }

    /// The key of the last row seen.
    pub fn key<K: DeserializeOwned>(&self) -> Result<K, InvalidCursor> {
        let bytes = URL_SAFE_NO_PAD.decode(&self.0).ok().ok_or(InvalidCursor)?;
        serde_json::from_slice(&bytes).ok().ok_or(InvalidCursor)
    }

    /// The text to hand out.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Where a page begins.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Start<K> {
    /// At the first row.
    First,
    /// Behind the row with this key.
    After(K),
    /// At this many rows from the first, for people who jump.
    Offset(u64),
}

/// Which page is wanted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PageAsk<K> {
    /// Items on the page, 1 to [`MAX_LIMIT`].
    pub limit: u16,
    /// Where it begins.
    pub start: Start<K>,
    /// Whether the number of all rows is asked for too.
    pub total: Total,
}

/// Whether the number of all rows is wanted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Total {
    /// Not asked.
    #[default]
    Skip,
    /// `include=total`.
    Count,
}

impl<K> PageAsk<K> {
    /// The first page of `limit` rows.
    pub fn first(limit: u16) -> Self {
        Self { limit, start: Start::First, total: Total::Skip }
    }
}

/// One page of a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Page<T> {
    /// The rows.
    pub items: Vec<T>,
    /// The place to go on from, when there is more.
    pub next: Option<Cursor>,
    /// The number of all rows, when it was asked.
    pub total: Option<u64>,
}

impl<T> Page<T> {
    /// A page from `limit + 1` rows: the surplus one only says that there is more.
    pub fn from_surplus<K: Serialize>(mut rows: Vec<T>, limit: u16, total: Option<u64>, key: impl Fn(&T) -> K) -> Self {
        let limit = usize::from(limit);
        let more = rows.len() > limit;
        rows.truncate(limit);
        let next = if more { rows.last().map(|row| Cursor::after(&key(row))) } else { None };
        Self { items: rows, next, total }
    }

    /// The same page of other items.
    pub fn map<U>(self, with: impl FnMut(T) -> U) -> Page<U> {
        Page { items: self.items.into_iter().map(with).collect(), next: self.next, total: self.total }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_surplus_row_becomes_a_cursor() {
        let page = Page::from_surplus(vec![1, 2, 3], 2, None, |n| *n);
        assert_eq!(page.items, [1, 2]);
        assert_eq!(page.next.unwrap().key::<i32>(), Ok(2));
        assert_eq!(Page::from_surplus(vec![1, 2], 2, None, |n| *n).next, None);
    }

    #[test]
    fn garbage_is_no_cursor() {
        assert_eq!(Cursor::from_text("%%%").key::<i32>(), Err(InvalidCursor));
        assert_eq!(Cursor::after(&"text").key::<i32>(), Err(InvalidCursor));
    }
}
