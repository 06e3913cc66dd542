//! Pages of a list: a cursor that holds the last row's sort key.

use std::fmt;

use serde::Serialize;
use serde::de::DeserializeOwned;
use thiserror::Error;

/// How many items a page has when nothing is asked.
pub const DEFAULT_LIMIT: u16 = 50;
/// How many items a page has at most.
pub const MAX_LIMIT: u16 = 200;

/// A place in a list. Its key can be personal (the beginning of a name), so it has no text of its own: who hands it out
/// seals its bytes.
#[derive(Clone, PartialEq, Eq)]
pub struct Cursor(Vec<u8>);

/// Bytes that are no cursor of this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a cursor of this list")]
pub struct InvalidCursor;

impl Cursor {
    /// The cursor of these bytes, as [`Cursor::as_bytes`] gave them.
    pub fn from_bytes(bytes: impl Into<Vec<u8>>) -> Self {
        Self(bytes.into())
    }

    /// The cursor behind the row with this key.
    pub fn after<K: Serialize>(key: &K) -> Self {
        Self(serde_json::to_vec(key).unwrap_or_default())
    }

    /// The key of the last row seen.
    pub fn key<K: DeserializeOwned>(&self) -> Result<K, InvalidCursor> {
        serde_json::from_slice(&self.0).ok().ok_or(InvalidCursor)
    }

    /// The bytes to seal and hand out.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }
}

impl fmt::Debug for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Cursor(..)")
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
        assert_eq!(Cursor::from_bytes("%%%").key::<i32>(), Err(InvalidCursor));
        assert_eq!(Cursor::after(&"text").key::<i32>(), Err(InvalidCursor));
    }

    #[test]
    fn a_cursor_goes_through_its_bytes_and_shows_nothing_of_its_key() {
        let cursor = Cursor::after(&("silva ana", 7));
        let again = Cursor::from_bytes(cursor.as_bytes());
        assert_eq!(again.key::<(String, i32)>(), Ok(("silva ana".to_owned(), 7)));
        assert!(!format!("{cursor:?}").contains("ana"));
    }
}
