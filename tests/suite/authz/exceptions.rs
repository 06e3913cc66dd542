//! Exceptions are lists written by hand: sorted, each with its reason, and they may only shrink.

/// An operation that a rule does not hold for, and why.
pub type Exception = (&'static str, &'static str);

/// True when the list holds the operation.
pub fn find(list: &[Exception], operation: &str) -> bool {
    list.iter().any(|(name, _)| *name == operation)
}

/// Asserts what every list must be: sorted, of operations that exist, with reasons.
pub fn is_sorted(list: &[Exception]) {
    assert!(list.is_sorted_by_key(|(name, _)| *name), "{list:?} is not sorted");
    for (name, reason) in list {
        assert!(!reason.is_empty(), "{name} has no reason");
        assert!(rest::operations().iter().any(|entry| entry.id() == *name), "{name} is no operation");
    }
}
