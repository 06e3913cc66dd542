//! Invitations: hashes.

use chrono::{DateTime, Utc};
use identity::model::email::Email;
use identity::model::invitation::{Invitation, InvitationEnding, Offer};
use kernel::StoreError;
use kernel::ids::{InvitationId, MembershipId, PatientId, PractitionerId, TenantId};
use sea_orm::Condition;
use sea_orm::entity::prelude::*;

use super::membership::role;
use super::sha256;
use crate::reach::{Reachable, Reaching, whole_company};

/// A row of `invitation`.
#[derive(Clone, Debug, PartialEq, DeriveEntityModel)]
#[sea_orm(table_name = "invitation")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub tenant_id: Uuid,
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub email: String,
    pub role: String,
    pub practitioner_id: Option<Uuid>,
    pub patient_id: Option<Uuid>,
    pub clinic_ids: Json,
    pub invited_by: Uuid,
    pub hash: Vec<u8>,
    pub created_at: DateTime<Utc>,
    pub expires_at: DateTime<Utc>,
    pub accepted_at: Option<DateTime<Utc>>,
    pub membership_id: Option<Uuid>,
    pub revoked_at: Option<DateTime<Utc>>,
    pub version: i64,
}

/// Foreign keys live in the schema.
#[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
pub enum Relation {}

impl ActiveModelBehavior for ActiveModel {}

/// Addresses of people who may join, for those who reach the whole company.
impl Reachable for Entity {
    fn tenant() -> Option<Column> {
        Some(Column::TenantId)
    }

    fn reach(reaching: &Reaching) -> Condition {
        whole_company(reaching)
    }
}

impl TryFrom<&Invitation> for Model {
    type Error = StoreError;

    fn try_from(invitation: &Invitation) -> Result<Self, StoreError> {
        let (accepted, revoked) = match invitation.ending {
            Some(InvitationEnding::Accepted { at, membership }) => (Some((at, membership)), None),
            Some(InvitationEnding::Revoked { at }) => (None, Some(at)),
            None => (None, None),
        };
        Ok(Self {
            tenant_id: invitation.tenant.uuid(),
            id: invitation.id.uuid(),
            email: invitation.offer.email.as_str().to_owned(),
            role: invitation.offer.role.name().to_owned(),
            practitioner_id: invitation.offer.practitioner.map(PractitionerId::uuid),
            patient_id: invitation.offer.patient.map(PatientId::uuid),
            clinic_ids: serde_json::to_value(&invitation.offer.clinics).map_err(StoreError::broken)?,
            invited_by: invitation.invited_by.uuid(),
            hash: invitation.hash.to_vec(),
            created_at: invitation.created_at,
            expires_at: invitation.expires_at,
            accepted_at: accepted.map(|(at, _)| at),
            membership_id: accepted.map(|(_, membership)| membership.uuid()),
            revoked_at: revoked,
            version: invitation.version,
        })
    }
}

impl TryFrom<Model> for Invitation {
    type Error = StoreError;

    fn try_from(row: Model) -> Result<Self, StoreError> {
        let accepted = row.accepted_at.zip(row.membership_id);
        let accepted =
            accepted.map(|(at, id)| InvitationEnding::Accepted { at, membership: MembershipId::from_uuid(id) });
        Ok(Self {
            id: InvitationId::from_uuid(row.id),
            tenant: TenantId::from_uuid(row.tenant_id),
            offer: Offer {
                email: Email::from_stored(row.email),
                role: role(&row.role)?,
                practitioner: row.practitioner_id.map(PractitionerId::from_uuid),
                patient: row.patient_id.map(PatientId::from_uuid),
                clinics: serde_json::from_value(row.clinic_ids).map_err(StoreError::broken)?,
            },
            invited_by: MembershipId::from_uuid(row.invited_by),
            hash: sha256(row.hash)?,
            created_at: row.created_at,
            expires_at: row.expires_at,
            ending: accepted.or(row.revoked_at.map(|at| InvitationEnding::Revoked { at })),
            version: row.version,
        })
    }
}
