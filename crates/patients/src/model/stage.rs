//! Where a patient stands with the company.

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// Where a patient stands with the company.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Stage {
    /// Somebody who asked; needs only one contact.
    Lead,
    /// A patient.
    Active,
    /// Somebody who no longer comes.
    Inactive,
    /// Somebody who died.
    Deceased,
    /// A duplicate whose record lives on in another; set and lifted by merges alone.
    Merged,
}

/// Why a stage cannot be set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum StageError {
    /// `merged` is set by merging alone.
    #[error("only a merge makes a record merged")]
    SetByMergeOnly,
    /// The record was merged; undoing the merge gives it back its stage.
    #[error("a merged record keeps its stage")]
    RecordIsMerged,
    /// A lead has at least one contact.
    #[error("a lead needs a contact")]
    LeadWithoutContact,
}

impl StageError {
    /// The stable code of the fault.
    pub const fn code(self) -> &'static str {
        match self {
            Self::SetByMergeOnly => "stage_set_by_merge_only",
            Self::RecordIsMerged => "record_is_merged",
            Self::LeadWithoutContact => "lead_needs_contact",
        }
    }
}

impl Stage {
    /// All stages.
    pub const ALL: [Self; 5] = [Self::Lead, Self::Active, Self::Inactive, Self::Deceased, Self::Merged];

    /// The word on the wire and in the database.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Lead => "lead",
            Self::Active => "active",
            Self::Inactive => "inactive",
            Self::Deceased => "deceased",
            Self::Merged => "merged",
        }
    }

    /// The stage of a word; `None` for an unknown one.
    pub fn parse(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|stage| stage.as_str() == word)
    }

    /// The stage of a new record: active unless another is asked for, never merged.
    pub fn of_new(asked: Option<Self>) -> Result<Self, StageError> {
        match asked {
            None => Ok(Self::Active),
            Some(Self::Merged) => Err(StageError::SetByMergeOnly),
            Some(stage) => Ok(stage),
        }
    }

    /// The stage after an edit by a person: any but merged, from any but merged; the same stage is no change.
    pub fn edited_to(self, asked: Self) -> Result<Self, StageError> {
        match (self, asked) {
            (now, asked) if now == asked => Ok(now),
            (Self::Merged, _) => Err(StageError::RecordIsMerged),
            (_, Self::Merged) => Err(StageError::SetByMergeOnly),
            (_, asked) => Ok(asked),
        }
    }

    /// Refuses a lead without any contact; no other stage needs one.
    pub fn check_contacts(self, contacts: usize) -> Result<(), StageError> {
        if self == Self::Lead && contacts == 0 { Err(StageError::LeadWithoutContact) } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn new_records_are_active_unless_asked_otherwise() {
        assert_eq!(Stage::of_new(None), Ok(Stage::Active));
        for stage in [Stage::Lead, Stage::Active, Stage::Inactive, Stage::Deceased] {
            assert_eq!(Stage::of_new(Some(stage)), Ok(stage));
        }
        assert_eq!(Stage::of_new(Some(Stage::Merged)), Err(StageError::SetByMergeOnly));
    }

    #[test]
    fn edits_neither_make_nor_lift_a_merge() {
        for now in Stage::ALL {
            for asked in Stage::ALL {
                let expected = match (now == asked, now == Stage::Merged, asked == Stage::Merged) {
                    (true, ..) | (false, false, false) => Ok(asked),
                    (false, true, _) => Err(StageError::RecordIsMerged),
                    (false, false, true) => Err(StageError::SetByMergeOnly),
                };
                assert_eq!(now.edited_to(asked), expected, "{now:?} to {asked:?}");
            }
        }
    }

    #[test]
    fn a_lead_needs_one_contact_and_nobody_else_does() {
        assert_eq!(Stage::Lead.check_contacts(0), Err(StageError::LeadWithoutContact));
        assert_eq!(Stage::Lead.check_contacts(1), Ok(()));
        assert_eq!(Stage::Active.check_contacts(0), Ok(()));
    }

    #[test]
    fn words_are_read_back() {
        for stage in Stage::ALL {
            assert_eq!(Stage::parse(stage.as_str()), Some(stage));
            assert_eq!(serde_json::to_value(stage).unwrap(), stage.as_str());
        }
        assert_eq!(Stage::parse("archived"), None);
    }
}
