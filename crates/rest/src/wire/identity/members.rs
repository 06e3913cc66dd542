//! Members and invitations on the wire.

use chrono::{DateTime, Utc};
use identity::model::email::Email;
use identity::model::invitation::{Invitation, InvitationEnding, Offer};
use identity::model::member::{Member, MemberPatch};
use identity::model::name::DisplayName;
use identity::model::registration::{Adeli, Registration, Rpps};
use identity::model::role::Role;
use kernel::ids::{ClinicId, PatientId, PractitionerId};
use serde::Serialize;
use serde_json::{Value, json};
use utoipa::ToSchema;
use uuid::Uuid;

use super::RegistrationWire;
use crate::wire::shapes::{AtMost, Given, SomeOf};
use crate::{Ask, FromJson, Patch, Wire, pages};

/// Clinics that a member can name.
const MOST_CLINICS: usize = 100;
/// Registrations that a member can have.
const MOST_REGISTRATIONS: usize = 20;

/// A member of the company
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Member)]
pub struct MemberWire {
    /// The id of the membership: the person in this company.
    id: Uuid,
    /// Counted from 1.
    version: i64,
    /// The id of the account: the person in all companies.
    account_id: Uuid,
    /// The name shown in this company.
    name: String,
    /// The address the account signs in with; only its owner changes it.
    email: String,
    /// Whether that address was verified.
    email_verified: bool,
    /// The role.
    role: String,
    /// `active`, `inactive` or `invited`.
    status: String,
    /// The clinics it works in; empty for all of the company's.
    clinic_ids: Vec<Uuid>,
    /// The practitioner whose agenda is its own.
    practitioner_id: Option<Uuid>,
    /// The patient that it is.
    patient_id: Option<Uuid>,
    /// Registrations with councils.
    registrations: Vec<RegistrationWire>,
    /// French RPPS number.
    rpps_number: Option<String>,
    /// French ADELI number.
    adeli_number: Option<String>,
    /// Since when it is a member.
    created_at: DateTime<Utc>,
}

pages! {
    /// A page of members
    MemberPage of MemberWire;
    /// A page of invitations
    InvitationPage of InvitationWire;
}

/// An invitation to the company
#[derive(Debug, Serialize, ToSchema)]
#[schema(as = Invitation)]
pub struct InvitationWire {
    /// Its id.
    id: Uuid,
    /// Counted from 1.
    version: i64,
    /// The address that its link was mailed to.
    email: String,
    /// The role that is offered.
    role: String,
    /// The clinics to work in; empty for all of the company's.
    clinic_ids: Vec<Uuid>,
    /// The practitioner whose agenda will be the member's own.
    practitioner_id: Option<Uuid>,
    /// The patient that the member will be.
    patient_id: Option<Uuid>,
    /// The member who invites.
    invited_by: Uuid,
    /// When it was made.
    created_at: DateTime<Utc>,
    /// When its link ceases to work.
    expires_at: DateTime<Utc>,
    /// When it was accepted.
    accepted_at: Option<DateTime<Utc>>,
    /// The member it became.
    user_id: Option<Uuid>,
    /// When it was taken back, or a newer one took its place.
    revoked_at: Option<DateTime<Utc>>,
}

impl From<&Member> for MemberWire {
    fn from(member: &Member) -> Self {
        let Member { membership, email, email_verified_at } = member;
        let credentials = &membership.credentials;
        Self {
            id: membership.id.uuid(),
            version: membership.version,
            account_id: membership.account.uuid(),
            name: membership.display_name.as_str().to_owned(),
            email: email.as_str().to_owned(),
            email_verified: email_verified_at.is_some(),
            role: membership.role.name().to_owned(),
            status: membership.status.name().to_owned(),
            clinic_ids: membership.clinics.iter().map(|clinic| clinic.uuid()).collect(),
            practitioner_id: membership.practitioner.map(PractitionerId::uuid),
            patient_id: membership.patient.map(PatientId::uuid),
            registrations: credentials.registrations.iter().map(Into::into).collect(),
            rpps_number: credentials.rpps.as_ref().map(|number| number.as_str().to_owned()),
            adeli_number: credentials.adeli.as_ref().map(|number| number.as_str().to_owned()),
            created_at: membership.created_at,
        }
    }
}

impl From<&Invitation> for InvitationWire {
    fn from(invitation: &Invitation) -> Self {
        let offer = &invitation.offer;
        let (accepted, revoked_at) = match invitation.ending {
            Some(InvitationEnding::Accepted { at, membership }) => (Some((at, membership)), None),
            Some(InvitationEnding::Revoked { at }) => (None, Some(at)),
            None => (None, None),
        };
        Self {
            id: invitation.id.uuid(),
            version: invitation.version,
            email: offer.email.as_str().to_owned(),
            role: offer.role.name().to_owned(),
            clinic_ids: offer.clinics.iter().map(|clinic| clinic.uuid()).collect(),
            practitioner_id: offer.practitioner.map(PractitionerId::uuid),
            patient_id: offer.patient.map(PatientId::uuid),
            invited_by: invitation.invited_by.uuid(),
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            accepted_at: accepted.map(|(at, _)| at),
            user_id: accepted.map(|(_, membership)| membership.uuid()),
            revoked_at,
        }
    }
}

impl Wire for MemberWire {
    fn sample() -> Self {
        let crm = Registration::parse("CRM", "SP", "123456");
        Self {
            id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0002),
            version: 3,
            account_id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0003),
            name: "Dra. Ana Souza".to_owned(),
            email: "ana@aurora.example".to_owned(),
            email_verified: true,
            role: "doctor".to_owned(),
            status: "active".to_owned(),
            clinic_ids: Vec::new(),
            practitioner_id: Some(Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0005)),
            patient_id: None,
            registrations: crm.iter().map(Into::into).collect(),
            rpps_number: None,
            adeli_number: None,
            created_at: DateTime::UNIX_EPOCH,
        }
    }
}

impl Wire for InvitationWire {
    fn sample() -> Self {
        Self {
            id: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0006),
            version: 1,
            email: "bia@aurora.example".to_owned(),
            role: "receptionist".to_owned(),
            clinic_ids: Vec::new(),
            practitioner_id: None,
            patient_id: None,
            invited_by: Uuid::from_u128(0x0192_0000_0000_7000_8000_0000_0000_0002),
            created_at: DateTime::UNIX_EPOCH,
            expires_at: DateTime::UNIX_EPOCH + identity::model::invitation::INVITATION_LIFE,
            accepted_at: None,
            user_id: None,
            revoked_at: None,
        }
    }
}

/// What changes of a member
#[derive(Debug, FromJson)]
pub struct MemberChanges {
    /// The role.
    role: Given<Role>,
    /// The name shown in this company.
    name: Given<DisplayName>,
    /// The clinics it works in, all at once; `null` for all of the company's.
    clinic_ids: Patch<SomeOf<ClinicId, MOST_CLINICS>>,
    /// The practitioner whose agenda is its own.
    practitioner_id: Patch<PractitionerId>,
    /// The patient that it is.
    patient_id: Patch<PatientId>,
    /// Registrations with councils, all at once.
    registrations: Patch<AtMost<Registration, MOST_REGISTRATIONS>>,
    /// French RPPS number: 11 digits with a check digit.
    rpps_number: Patch<Rpps>,
    /// French ADELI number: 9 letters or digits.
    adeli_number: Patch<Adeli>,
}

impl From<MemberChanges> for MemberPatch {
    fn from(changes: MemberChanges) -> Self {
        Self {
            role: changes.role.0,
            display_name: changes.name.0,
            clinics: changes.clinic_ids.map(|clinics| clinics.0),
            practitioner: changes.practitioner_id,
            patient: changes.patient_id,
            registrations: changes.registrations.map(|registrations| registrations.0),
            rpps: changes.rpps_number,
            adeli: changes.adeli_number,
        }
    }
}

impl Ask for MemberChanges {
    fn sample() -> Value {
        json!({
            "role": "doctor",
            "name": "Dra. Ana Souza",
            "registrations": [{ "council": "CRM", "region": "SP", "number": "123456" }],
            "rpps_number": null,
        })
    }
}

/// Who is invited to what
#[derive(Debug, FromJson)]
pub struct NewInvitation {
    /// The address that the link is mailed to.
    email: Email,
    /// The role.
    role: Role,
    /// The clinics to work in; all of the company's when absent.
    clinic_ids: Option<SomeOf<ClinicId, MOST_CLINICS>>,
    /// The practitioner whose agenda will be the member's own.
    practitioner_id: Option<PractitionerId>,
    /// The patient that the member will be.
    patient_id: Option<PatientId>,
}

impl From<NewInvitation> for Offer {
    fn from(new: NewInvitation) -> Self {
        Self {
            email: new.email,
            role: new.role,
            practitioner: new.practitioner_id,
            patient: new.patient_id,
            clinics: new.clinic_ids.map(|clinics| clinics.0).unwrap_or_default(),
        }
    }
}

impl Ask for NewInvitation {
    fn sample() -> Value {
        json!({ "email": "bia@aurora.example", "role": "receptionist" })
    }
}
