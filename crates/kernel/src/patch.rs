//! A member of a merge patch (RFC 7396).

/// What a change does to one field: nothing, empty it, or set it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Patch<T> {
    /// Absent: stays as it is.
    #[default]
    Keep,
    /// `null`: is emptied.
    Clear,
    /// Becomes this.
    Set(T),
}

impl<T> Patch<T> {
    /// The field after the change.
    #[must_use]
    pub fn applied_to(self, present: Option<T>) -> Option<T> {
        match self {
            Self::Keep => present,
            Self::Clear => None,
            Self::Set(value) => Some(value),
        }
    }

    /// The field after the change, where an empty one is its default.
    #[must_use]
    pub fn applied_or_default(self, present: T) -> T
    where
        T: Default,
    {
        match self {
            Self::Keep => present,
            Self::Clear => T::default(),
            Self::Set(value) => value,
        }
    }

    /// The same change with another value.
    pub fn map<U>(self, with: impl FnOnce(T) -> U) -> Patch<U> {
        match self {
            Self::Keep => Patch::Keep,
            Self::Clear => Patch::Clear,
            Self::Set(value) => Patch::Set(with(value)),
        }
    }

    /// True when the field is not mentioned.
    pub fn is_keep(&self) -> bool {
        matches!(self, Self::Keep)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_patch_keeps_clears_or_sets() {
        assert_eq!(Patch::Keep.applied_to(Some(1)), Some(1));
        assert_eq!(Patch::Clear.applied_to(Some(1)), None);
        assert_eq!(Patch::Set(2).applied_to(Some(1)), Some(2));
        assert_eq!(Patch::Clear.applied_or_default(7), 0);
        assert_eq!(Patch::Set(2).map(|n| n + 1), Patch::Set(3));
    }
}
