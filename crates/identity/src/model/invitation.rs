//! Invitations: a place in a company, offered by mail, once, for 72 hours (I10).

use chrono::{DateTime, Duration, Utc};
use kernel::Facts;
use kernel::ids::{AccountId, ClinicId, InvitationId, MembershipId, PatientId, PractitionerId, TenantId};
use thiserror::Error;

use super::email::Email;
use super::membership::{Credentials, Membership, MembershipStatus};
use super::name::DisplayName;
use super::role::Role;
use super::session::Secret;

/// How long an invitation stands.
pub const INVITATION_LIFE: Duration = Duration::hours(72);

/// The place that is offered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Offer {
    /// To whom.
    pub email: Email,
    /// The role.
    pub role: Role,
    /// The practitioner whose agenda is its own.
    pub practitioner: Option<PractitionerId>,
    /// The patient that it is.
    pub patient: Option<PatientId>,
    /// The clinics it works in; none named means all.
    pub clinics: Vec<ClinicId>,
}

/// An invitation; only its secret's hash is known.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Invitation {
    /// Its id.
    pub id: InvitationId,
    /// The company.
    pub tenant: TenantId,
    /// What it offers.
    pub offer: Offer,
    /// Who invites.
    pub invited_by: MembershipId,
    /// SHA-256 of the secret.
    pub hash: [u8; 32],
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// When it ceases to work.
    pub expires_at: DateTime<Utc>,
    /// What became of it.
    pub ending: Option<InvitationEnding>,
    /// Counts changes from 1.
    pub version: i64,
}

/// What became of an invitation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum InvitationEnding {
    /// It was accepted.
    Accepted {
        /// When.
        at: DateTime<Utc>,
        /// The membership it became.
        membership: MembershipId,
    },
    /// It was taken back, or a newer one took its place.
    Revoked {
        /// When.
        at: DateTime<Utc>,
    },
}

/// Where an invitation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum InvitationStatus {
    /// It can be accepted.
    Pending,
    /// It was accepted.
    Accepted,
    /// It was taken back, or a newer one took its place.
    Revoked,
    /// Its time is over.
    Expired,
}

/// The invitation has become a membership: that is to be changed instead.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the invitation was accepted")]
pub struct WasAccepted;

impl InvitationStatus {
    /// All of them.
    pub const ALL: [Self; 4] = [Self::Pending, Self::Accepted, Self::Revoked, Self::Expired];

    /// `pending`, `accepted`, `revoked` or `expired`.
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::Pending => "pending",
            Self::Accepted => "accepted",
            Self::Revoked => "revoked",
            Self::Expired => "expired",
        }
    }

    /// The status of exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.as_str() == name)
    }
}

impl Invitation {
    /// Offers a place.
    pub fn new(
        (id, tenant): (InvitationId, TenantId),
        offer: Offer,
        invited_by: MembershipId,
        secret: &Secret,
        now: DateTime<Utc>,
    ) -> Self {
        let (created_at, expires_at) = (now, now + INVITATION_LIFE);
        Self { id, tenant, offer, invited_by, hash: secret.hash(), created_at, expires_at, ending: None, version: 1 }
    }

    /// Where it stands at `now`.
    pub fn status(&self, now: DateTime<Utc>) -> InvitationStatus {
        match self.ending {
            Some(InvitationEnding::Accepted { .. }) => InvitationStatus::Accepted,
            Some(InvitationEnding::Revoked { .. }) => InvitationStatus::Revoked,
            None if now < self.expires_at => InvitationStatus::Pending,
            None => InvitationStatus::Expired,
        }
    }

    /// The invitation accepted, and the membership it becomes; `None` unless it is pending.
    pub fn accepted(
        self,
        (membership, account): (MembershipId, AccountId),
        name: DisplayName,
        now: DateTime<Utc>,
    ) -> Option<(Self, Membership)> {
        if self.status(now) != InvitationStatus::Pending {
            return None;
        }
        let member = Membership {
            id: membership,
            tenant: self.tenant,
            account,
            role: self.offer.role,
            status: MembershipStatus::Active,
            display_name: name,
            practitioner: self.offer.practitioner,
            patient: self.offer.patient,
            clinics: self.offer.clinics.clone(),
            credentials: Credentials::default(),
            created_at: now,
            version: 1,
        };
        Some((self.ended(InvitationEnding::Accepted { at: now, membership }), member))
    }

    /// The invitation taken back; itself when it was before.
    pub fn revoked(self, now: DateTime<Utc>) -> Result<Self, WasAccepted> {
        match self.ending {
            Some(InvitationEnding::Accepted { .. }) => Err(WasAccepted),
            Some(InvitationEnding::Revoked { .. }) => Ok(self),
            None => Ok(self.ended(InvitationEnding::Revoked { at: now })),
        }
    }

    /// The fields as the journal sees them. The address is about the account that has it, as whoever invites adds where there is
    /// one; else about the invitation, whose id the account gets that is made by it.
    pub fn facts(&self) -> Facts {
        let ending = match self.ending {
            Some(InvitationEnding::Accepted { .. }) => Some("accepted"),
            Some(InvitationEnding::Revoked { .. }) => Some("revoked"),
            None => None,
        };
        Facts::new()
            .personal("email", &self.offer.email)
            .open("role", self.offer.role.name())
            .open("practitioner_id", self.offer.practitioner)
            .open("patient_id", self.offer.patient)
            .open("clinic_ids", &self.offer.clinics)
            .open("invited_by", self.invited_by)
            .open("expires_at", self.expires_at)
            .open("ending", ending)
    }

    fn ended(self, ending: InvitationEnding) -> Self {
        Self { ending: Some(ending), version: self.version + 1, ..self }
    }
}

#[cfg(test)]
mod tests {
    use uuid::Uuid;

    use super::*;

    fn at(hours: i64) -> DateTime<Utc> {
        DateTime::UNIX_EPOCH + Duration::hours(hours)
    }

    fn invitation() -> Invitation {
        let offer = Offer {
            email: Email::parse("nova@aurora.example").unwrap(),
            role: Role::Nurse,
            practitioner: None,
            patient: None,
            clinics: vec![ClinicId::from_uuid(Uuid::from_u128(8))],
        };
        let ids = (InvitationId::from_uuid(Uuid::from_u128(1)), TenantId::from_uuid(Uuid::from_u128(2)));
        Invitation::new(ids, offer, MembershipId::from_uuid(Uuid::from_u128(3)), &Secret::new([5; 32]), at(0))
    }

    fn accepted(hours: i64) -> Option<(Invitation, Membership)> {
        let ids = (MembershipId::from_uuid(Uuid::from_u128(4)), AccountId::from_uuid(Uuid::from_u128(5)));
        invitation().accepted(ids, DisplayName::parse("Nova").unwrap(), at(hours))
    }

    #[test]
    fn i10_an_invitation_works_once_and_for_72_hours() {
        let (spent, member) = accepted(71).unwrap();
        assert_eq!((spent.status(at(71)), spent.version), (InvitationStatus::Accepted, 2));
        assert_eq!(
            (member.role, member.clinics, member.status),
            (Role::Nurse, invitation().offer.clinics, MembershipStatus::Active)
        );
        let ids = (member.id, member.account);
        assert!(spent.accepted(ids, member.display_name, at(71)).is_none());
        assert!(accepted(72).is_none());
        assert_eq!(invitation().status(at(72)), InvitationStatus::Expired);
    }

    #[test]
    fn i10_an_invitation_that_was_taken_back_is_worth_nothing() {
        let back = invitation().revoked(at(1)).unwrap();
        assert_eq!((back.status(at(2)), back.clone().revoked(at(2))), (InvitationStatus::Revoked, Ok(back.clone())));
        let ids = (MembershipId::from_uuid(Uuid::from_u128(4)), AccountId::from_uuid(Uuid::from_u128(5)));
        assert!(back.accepted(ids, DisplayName::parse("Nova").unwrap(), at(2)).is_none());
        assert_eq!(accepted(1).unwrap().0.revoked(at(2)), Err(WasAccepted));
    }

    #[test]
    fn i10_only_the_hash_of_the_secret_is_kept() {
        let invitation = invitation();
        assert_eq!(invitation.hash, Secret::new([5; 32]).hash());
        assert!(!format!("{invitation:?}").contains("nova@"));
        assert!(invitation.facts().personal_fields().contains_key("email"));
    }
}
