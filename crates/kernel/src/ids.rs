//! The registry of identifiers: every entity that has one is listed here, once.

use std::fmt;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// An identifier of one kind of entity: a UUID (version 7 when made by Salus) that cannot be mistaken for another kind's.
pub trait Id: Copy + Eq + fmt::Debug + Send + Sync + 'static {
    /// The entity's name in snake case, as the journal and the API write it.
    const KIND: &'static str;
    /// Wraps a UUID that is known to name such an entity.
    fn from_uuid(value: Uuid) -> Self;
    /// The UUID itself.
    fn uuid(self) -> Uuid;
}

/// Makes fresh identifiers; the only source of randomness that domain code may ask.
pub trait Ids: Send + Sync {
    /// A fresh UUID, version 7, increasing within this process.
    fn uuid(&self) -> Uuid;
}

impl dyn Ids + '_ {
    /// A fresh identifier of the wanted kind.
    pub fn next<I: Id>(&self) -> I {
        I::from_uuid(self.uuid())
    }
}

macro_rules! ids {
    ($($(#[$doc:meta])* $name:ident = $kind:literal;)*) => {
        $(
            $(#[$doc])*
            #[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
            #[serde(transparent)]
            pub struct $name(Uuid);

            impl $name {
                /// Wraps a UUID that is known to name such an entity.
                pub const fn from_uuid(value: Uuid) -> Self {
                    Self(value)
                }

                /// The UUID itself.
                pub const fn uuid(self) -> Uuid {
                    self.0
                }
            }

            impl Id for $name {
                const KIND: &'static str = $kind;
                fn from_uuid(value: Uuid) -> Self {
                    Self(value)
                }
                fn uuid(self) -> Uuid {
                    self.0
                }
            }

            impl fmt::Display for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    self.0.fmt(f)
                }
            }

            impl fmt::Debug for $name {
                fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                    write!(f, concat!($kind, ":{}"), self.0)
                }
            }
        )*

        /// The kinds of all identifiers, in the order of the registry.
        pub const KINDS: &[&str] = &[$($kind),*];
    };
}

ids! {
    /// A company: the tenant that owns everything else.
    TenantId = "company";
    /// A person who signs in; global, not owned by a company.
    AccountId = "account";
    /// An account's place in one company.
    MembershipId = "membership";
    /// One signed-in device of a membership.
    SessionId = "session";
    /// One refresh token of a session.
    RefreshTokenId = "refresh_token";
    /// A key that a program calls with.
    ApiKeyId = "api_key";
    /// A sign-in at an OpenID provider that was begun; global.
    OidcFlowId = "oidc_flow";
    /// A sign-in at an OpenID provider that succeeded and waits to become a session; global.
    OidcGrantId = "oidc_grant";
    /// An account's tie to a person at an OpenID provider; global.
    OidcLinkId = "oidc_link";
    /// The second factor of an account; global.
    TotpId = "totp";
    /// A key that signs access tokens; global.
    SigningKeyId = "signing_key";
    /// A single-use token that left by mail.
    SignedTokenId = "signed_token";
    /// The settings of a company; the same UUID as the company's.
    SettingsId = "settings";
    /// Somebody's invitation to become a member.
    InvitationId = "invitation";
    /// A place of the company.
    ClinicId = "clinic";
    /// A link that lets a caregiver or guardian reach a patient.
    PatientLinkId = "patient_link";
    /// A patient or lead.
    PatientId = "patient";
    /// A label of the company's catalogue.
    TagId = "tag";
    /// A merge of two patients' records.
    MergeId = "merge";
    /// A file of patients or appointments that was handed over to be read.
    ImportId = "import";
    /// One row of such a file.
    ImportRowId = "import_row";
    /// A service that can be booked.
    ServiceId = "service";
    /// A person whose agenda can be booked.
    PractitionerId = "practitioner";
    /// A room, piece of equipment or vehicle.
    ResourceId = "resource";
    /// Weekly windows of one practitioner in one clinic.
    ScheduleId = "schedule";
    /// An override of a date or a leave of a practitioner.
    ScheduleExceptionId = "exception";
    /// A day on which a clinic, or the company, is closed.
    HolidayId = "holiday";
    /// A booked appointment.
    AppointmentId = "appointment";
    /// An appointment's or hold's place in an agenda; shared by the seats of a group.
    SeatingId = "seating";
    /// A place kept for a few minutes.
    HoldId = "hold";
    /// A series of appointments.
    SeriesId = "series";
    /// One act in the audit journal.
    EntryId = "entry";
    /// One event of the outbox.
    EventId = "event";
    /// One unit of work of the worker.
    JobId = "job";
    /// A message that the mail catcher kept.
    MailId = "mail";
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn every_kind_is_listed_once() {
        assert_eq!(KINDS.iter().collect::<BTreeSet<_>>().len(), KINDS.len());
    }

    #[test]
    fn an_id_is_its_uuid_in_json() {
        let id = PatientId::from_uuid(Uuid::from_u128(7));
        assert_eq!(serde_json::to_string(&id).unwrap(), "\"00000000-0000-0000-0000-000000000007\"");
        assert_eq!(format!("{id:?}"), "patient:00000000-0000-0000-0000-000000000007");
    }
}
