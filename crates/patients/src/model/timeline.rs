//! What happened to a patient, typed, as the journal tells it.
//!
//! The timeline is read from the journal and kept nowhere else. The journal holds every act of every part, in the transaction
//! of the act, from the first day on, with who did it; it cannot be altered; and what it tells of a person lies under that
//! person's key, so that an erasure reaches the timeline by itself. The events of the outbox are fewer (not every act has one),
//! carry no actor and get their position only after the commit; a table of its own would be written by every act of every part
//! and would say nothing that is not in the journal. The price is that a page reads all changes of one patient's entities from
//! an index before it takes the newest, some hundreds in a long life.
//!
//! A later part adds its kinds here and, in the store, the select of its entities that belong to a patient.

use chrono::{DateTime, NaiveDate, Utc};
use kernel::ids::{ApiKeyId, AppointmentId, ClinicId, MembershipId, PatientLinkId, PractitionerId};
use serde::Serialize;
use serde_json::{Map, Value};
use uuid::Uuid;

use super::{LinkKind, PersonName, Stage};

/// One thing that happened to a patient.
#[derive(Debug, Clone, PartialEq)]
pub struct TimelineEntry {
    /// Of the change in the journal; later ones are greater.
    pub id: Uuid,
    /// When it was done.
    pub at: DateTime<Utc>,
    /// What it was.
    pub kind: TimelineKind,
    /// Who did it.
    pub by: TimelineActor,
    /// What it was done to.
    pub detail: TimelineDetail,
}

/// Who did something: a member, a program, or, where neither is named, Salus itself.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct TimelineActor {
    /// The member.
    pub membership: Option<MembershipId>,
    /// The member's name, for callers who may know the members.
    pub name: Option<PersonName>,
    /// The key that a program called with.
    pub api_key: Option<ApiKeyId>,
}

/// What something was done to.
#[derive(Debug, Clone, PartialEq)]
pub enum TimelineDetail {
    /// The record.
    Record {
        /// Names of the changed fields, in alphabetical order; nothing when they cannot be known any more.
        fields: Option<Vec<String>>,
        /// The stage since then, where it changed.
        stage: Option<Stage>,
    },
    /// An appointment.
    Appointment {
        /// The appointment.
        id: AppointmentId,
        /// When it begins, as of now.
        start: DateTime<Utc>,
        /// With whom, as of now.
        practitioner: PractitionerId,
        /// Where, as of now.
        clinic: ClinicId,
        /// What for, as it was called when it was booked.
        service: String,
        /// When it would have begun before it was moved.
        moved_from: Option<DateTime<Utc>>,
    },
    /// A link.
    Link {
        /// The link.
        id: PatientLinkId,
        /// The member.
        membership: MembershipId,
        /// The member's name.
        member: PersonName,
        /// What the member is to the patient.
        kind: LinkKind,
        /// The first day.
        valid_from: NaiveDate,
        /// The day after the last, as of now.
        valid_to: Option<NaiveDate>,
    },
}

macro_rules! words {
    ($($(#[$doc:meta])* $name:ident { $($(#[$word_doc:meta])* $variant:ident = $word:literal,)* })*) => {$(
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
        pub enum $name {
            $($(#[$word_doc])* #[serde(rename = $word)] $variant,)*
        }

        impl $name {
            /// All of them.
            pub const ALL: [Self; [$($word),*].len()] = [$(Self::$variant),*];

            /// The word on the wire.
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$variant => $word,)*
                }
            }

            /// The one of a word; `None` for an unknown one.
            pub fn parse(word: &str) -> Option<Self> {
                Self::ALL.into_iter().find(|one| one.as_str() == word)
            }
        }
    )*};
}

words! {
    /// What a timeline tells of.
    TimelineAbout {
        /// The patient's own record.
        Record = "record",
        /// Caregivers and guardians.
        Link = "link",
        /// Appointments.
        Appointment = "appointment",
    }

    /// What happened.
    TimelineKind {
        /// The record was made.
        Registered = "registered",
        /// Fields of the record changed.
        Changed = "changed",
        /// The record was merged into another.
        Merged = "merged",
        /// That was undone.
        MergeUndone = "merge_undone",
        /// The record was archived.
        Archived = "archived",
        /// That was undone.
        Restored = "restored",
        /// A caregiver or guardian was linked.
        LinkAdded = "link_added",
        /// A link changed.
        LinkChanged = "link_changed",
        /// A link was ended before its time, or given a last day.
        LinkEnded = "link_ended",
        /// An appointment was asked for that needs approval.
        AppointmentRequested = "appointment_requested",
        /// An appointment was booked.
        AppointmentBooked = "appointment_booked",
        /// A request was approved.
        AppointmentApproved = "appointment_approved",
        /// The patient said that they will come.
        AppointmentConfirmed = "appointment_confirmed",
        /// It was moved to another time.
        AppointmentMoved = "appointment_moved",
        /// Something else of it changed.
        AppointmentChanged = "appointment_changed",
        /// The patient arrived.
        AppointmentCheckedIn = "appointment_checked_in",
        /// It began.
        AppointmentStarted = "appointment_started",
        /// It took place.
        AppointmentCompleted = "appointment_completed",
        /// It was called off.
        AppointmentCancelled = "appointment_cancelled",
        /// The patient called it off too late.
        AppointmentLateCancelled = "appointment_late_cancelled",
        /// The patient did not come.
        AppointmentNoShow = "appointment_no_show",
        /// It should never have been there.
        AppointmentEnteredInError = "appointment_entered_in_error",
    }
}

fn word<'a>(fields: &'a Map<String, Value>, name: &str) -> Option<&'a str> {
    fields.get(name).and_then(Value::as_str)
}

impl TimelineKind {
    /// What a change of a record was, by its version afterwards and its open fields.
    pub fn of_record(version: i64, before: &Map<String, Value>, after: &Map<String, Value>) -> Self {
        let is = |fields, name, value| word(fields, name) == Some(value);
        match () {
            () if version == 1 => Self::Registered,
            () if is(after, "stage", Stage::Merged.as_str()) => Self::Merged,
            () if is(before, "stage", Stage::Merged.as_str()) => Self::MergeUndone,
            () if word(after, "archived_at").is_some() => Self::Archived,
            () if word(before, "archived_at").is_some() => Self::Restored,
            () => Self::Changed,
        }
    }

    /// What a change of a link was, by its open fields.
    pub fn of_link(before: &Map<String, Value>, after: &Map<String, Value>) -> Self {
        match () {
            () if before.is_empty() => Self::LinkAdded,
            // One that moves to another record, or gets more days with a merge, goes on.
            () if after.contains_key("patient_id") => Self::LinkChanged,
            () if word(after, "valid_to").is_some_and(|to| word(before, "valid_to").is_none_or(|was| to < was)) => {
                Self::LinkEnded
            }
            () => Self::LinkChanged,
        }
    }

    /// What a change of an appointment was, by its open fields.
    pub fn of_appointment(before: &Map<String, Value>, after: &Map<String, Value>) -> Self {
        let is_new =
            !before.contains_key("status") && after.contains_key("patient_id") && !before.contains_key("patient_id");
        match word(after, "status") {
            Some("requested") => Self::AppointmentRequested,
            Some("booked") if is_new => Self::AppointmentBooked,
            Some("booked") if word(before, "status") == Some("requested") => Self::AppointmentApproved,
            Some("confirmed") => Self::AppointmentConfirmed,
            Some("checked_in") => Self::AppointmentCheckedIn,
            Some("in_progress") => Self::AppointmentStarted,
            Some("completed") => Self::AppointmentCompleted,
            Some("cancelled") => Self::AppointmentCancelled,
            Some("late_cancelled") => Self::AppointmentLateCancelled,
            Some("no_show") => Self::AppointmentNoShow,
            Some("entered_in_error") => Self::AppointmentEnteredInError,
            _ if word(after, "start").is_some() => Self::AppointmentMoved,
            _ => Self::AppointmentChanged,
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn fields(value: &Value) -> Map<String, Value> {
        value.as_object().unwrap().clone()
    }

    #[test]
    fn pt5_each_change_of_a_record_has_its_kind() {
        for (version, before, after, kind) in [
            (1, json!({}), json!({"stage": "lead", "archived_at": null}), TimelineKind::Registered),
            (2, json!({}), json!({}), TimelineKind::Changed),
            (2, json!({"stage": "lead"}), json!({"stage": "active"}), TimelineKind::Changed),
            (3, json!({"stage": "active"}), json!({"stage": "merged"}), TimelineKind::Merged),
            (4, json!({"stage": "merged"}), json!({"stage": "active"}), TimelineKind::MergeUndone),
            (5, json!({"archived_at": null}), json!({"archived_at": "2027-03-10T12:00:00Z"}), TimelineKind::Archived),
            (6, json!({"archived_at": "2027-03-10T12:00:00Z"}), json!({"archived_at": null}), TimelineKind::Restored),
        ] {
            assert_eq!(TimelineKind::of_record(version, &fields(&before), &fields(&after)), kind);
        }
    }

    #[test]
    fn pt5_each_change_of_a_link_has_its_kind() {
        let of = |before: Value, after: Value| TimelineKind::of_link(&fields(&before), &fields(&after));
        assert_eq!(of(json!({}), json!({"kind": "guardian", "valid_to": null})), TimelineKind::LinkAdded);
        assert_eq!(of(json!({}), json!({"kind": "guardian", "valid_to": "2027-03-10"})), TimelineKind::LinkAdded);
        assert_eq!(of(json!({"valid_to": null}), json!({"valid_to": "2027-03-10"})), TimelineKind::LinkEnded);
        assert_eq!(of(json!({"patient_id": "a"}), json!({"patient_id": "b"})), TimelineKind::LinkChanged);
    }

    #[test]
    fn pt5_each_change_of_an_appointment_has_its_kind() {
        let of = |before: Value, after: Value| TimelineKind::of_appointment(&fields(&before), &fields(&after));
        let new = |status: &str| of(json!({}), json!({"status": status, "patient_id": "p", "start": "s"}));
        assert_eq!(new("requested"), TimelineKind::AppointmentRequested);
        assert_eq!(new("booked"), TimelineKind::AppointmentBooked);
        let step = |from: &str, to: &str| of(json!({"status": from}), json!({"status": to}));
        for (from, to, kind) in [
            ("requested", "booked", TimelineKind::AppointmentApproved),
            ("booked", "confirmed", TimelineKind::AppointmentConfirmed),
            ("booked", "checked_in", TimelineKind::AppointmentCheckedIn),
            ("checked_in", "in_progress", TimelineKind::AppointmentStarted),
            ("in_progress", "completed", TimelineKind::AppointmentCompleted),
            ("booked", "cancelled", TimelineKind::AppointmentCancelled),
            ("booked", "late_cancelled", TimelineKind::AppointmentLateCancelled),
            ("booked", "no_show", TimelineKind::AppointmentNoShow),
            ("no_show", "entered_in_error", TimelineKind::AppointmentEnteredInError),
            ("confirmed", "booked", TimelineKind::AppointmentChanged),
        ] {
            assert_eq!(step(from, to), kind, "{from} to {to}");
        }
        let moved = of(json!({"start": "a", "status": "confirmed"}), json!({"start": "b", "status": "booked"}));
        assert_eq!(moved, TimelineKind::AppointmentMoved, "what is moved has to be confirmed again");
        assert_eq!(of(json!({"patient_id": "a"}), json!({"patient_id": "b"})), TimelineKind::AppointmentChanged);
    }

    #[test]
    fn words_are_read_as_they_are_written() {
        assert!(TimelineKind::ALL.iter().all(|kind| TimelineKind::parse(kind.as_str()) == Some(*kind)));
        assert!(TimelineKind::ALL.iter().all(|kind| json!(kind) == kind.as_str()));
        assert!(TimelineAbout::ALL.iter().all(|about| TimelineAbout::parse(about.as_str()) == Some(*about)));
    }
}
