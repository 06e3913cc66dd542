//! What happened to an appointment, as its journal tells.

use chrono::{DateTime, Utc};
use kernel::ids::MembershipId;
use serde_json::{Map, Value};

/// One act on an appointment.
#[derive(Clone, Debug, PartialEq)]
pub struct HistoryEntry {
    /// When.
    pub at: DateTime<Utc>,
    /// The permission under which it was done.
    pub act: String,
    /// Who did it; nothing where no member did.
    pub membership_id: Option<MembershipId>,
    /// The appointment's version afterwards.
    pub version: i64,
    /// The fields that changed, as they were.
    pub before: Map<String, Value>,
    /// The fields that changed, as they became.
    pub after: Map<String, Value>,
}

/// The fields that only the clinic may see.
const OF_THE_CLINIC: [&str; 2] = ["notes", "override_reason"];

impl HistoryEntry {
    /// The same without what a patient may not see.
    #[must_use]
    pub fn without_clinic_fields(mut self) -> Self {
        for field in OF_THE_CLINIC {
            self.before.remove(field);
            self.after.remove(field);
        }
        self
    }
}
