//! The members of a company, its settings and places, and invitations.

use async_trait::async_trait;
use kernel::ids::{ClinicId, InvitationId, MembershipId, PatientId, PractitionerId, TenantId};
use kernel::{Page, PageAsk, StoreError};

use crate::model::clinic::Clinic;
use crate::model::company::Company;
use crate::model::email::Email;
use crate::model::invitation::{Invitation, InvitationStatus};
use crate::model::member::{Member, MemberFilter};
use crate::model::membership::Membership;
use crate::model::session::DeviceSession;
use crate::model::settings::CompanySettings;

/// An address has one open invitation per company.
pub const INVITATION_OPEN_ONCE: &str = "invitation_open_once";

/// The settings of companies.
#[async_trait]
pub trait SettingsReader: Send + Sync {
    /// The settings of a company; within one company, or across.
    async fn company_settings(&self, tenant: TenantId) -> Result<CompanySettings, StoreError>;
}

/// The settings of a company, for changes.
#[async_trait]
pub trait SettingsStore: SettingsReader {
    /// Writes the settings, without the language, which is the company's; [`StoreError::Contended`] when the stored version is
    /// not the one before.
    async fn settings_save(&self, settings: &CompanySettings) -> Result<(), StoreError>;
}

/// The settings of a company that is founded.
#[async_trait]
pub trait NewSettingsStore: Send + Sync {
    /// Adds the settings, without the language, which is the company's.
    async fn settings_add(&self, settings: &CompanySettings) -> Result<(), StoreError>;
}

/// A company and its places, one by one.
#[async_trait]
pub trait PlaceReader: Send + Sync {
    /// The company.
    async fn company(&self) -> Result<Company, StoreError>;
    /// One of its clinics.
    async fn clinic_by_id(&self, id: ClinicId) -> Result<Option<Clinic>, StoreError>;
}

/// A company and its places, for changes. Each answers [`StoreError::Contended`] when the stored version is not the one before.
#[async_trait]
pub trait PlaceStore: PlaceReader {
    /// Writes what may change of the company.
    async fn company_update(&self, company: &Company) -> Result<(), StoreError>;
    /// Writes what may change of a clinic.
    async fn clinic_update(&self, clinic: &Clinic) -> Result<(), StoreError>;
}

/// What of the company a membership can name.
#[async_trait]
pub trait ReferenceReader: Send + Sync {
    /// Those of the clinics that the company has.
    async fn clinics_known(&self, clinics: &[ClinicId]) -> Result<Vec<ClinicId>, StoreError>;
    /// Whether the company has this practitioner.
    async fn practitioner_is_known(&self, id: PractitionerId) -> Result<bool, StoreError>;
    /// Whether the company has this patient, in use; if so, it is not archived or merged until this transaction has ended.
    async fn patient_is_known(&self, id: PatientId) -> Result<bool, StoreError>;
}

/// Members with their addresses, which only work across companies reads.
#[async_trait]
pub trait MemberReader: Send + Sync {
    /// A member of this company.
    async fn member(&self, tenant: TenantId, id: MembershipId) -> Result<Option<Member>, StoreError>;
    /// The member of this company whose account has this address.
    async fn member_by_email(&self, tenant: TenantId, email: &Email) -> Result<Option<Member>, StoreError>;
    /// Members of this company, oldest first.
    async fn members_page(
        &self,
        tenant: TenantId,
        filter: &MemberFilter,
        ask: &PageAsk<MembershipId>,
    ) -> Result<Page<Member>, StoreError>;
}

/// Memberships of one company, for changes.
#[async_trait]
pub trait MemberStore: Send + Sync {
    /// The membership and every active admin, in the order of their ids, locked until the transaction ends: who takes an admin
    /// away waits for whoever does the same.
    async fn membership_and_admins_locked(&self, id: MembershipId) -> Result<Vec<Membership>, StoreError>;
    /// Writes what may change of a membership; [`StoreError::Contended`] when the stored version is not the one before.
    async fn membership_update(&self, membership: &Membership) -> Result<(), StoreError>;
    /// The sessions of a membership that have not ended, locked until the transaction ends.
    async fn sessions_of_membership_locked(&self, id: MembershipId) -> Result<Vec<DeviceSession>, StoreError>;
}

/// The invitations of one company, read.
#[async_trait]
pub trait InvitationReader: Send + Sync {
    /// Invitations of these statuses (of any, when none is named), oldest first.
    async fn invitations_page(
        &self,
        statuses: &[InvitationStatus],
        ask: &PageAsk<InvitationId>,
    ) -> Result<Page<Invitation>, StoreError>;
}

/// The invitations of one company, for changes.
#[async_trait]
pub trait InvitationStore: Send + Sync {
    /// Adds an invitation; refused by [`INVITATION_OPEN_ONCE`].
    async fn invitation_add(&self, invitation: &Invitation) -> Result<(), StoreError>;
    /// The invitation, locked until the transaction ends.
    async fn invitation_locked(&self, id: InvitationId) -> Result<Option<Invitation>, StoreError>;
    /// The invitation of an address that was neither accepted nor taken back, locked likewise.
    async fn invitation_open_locked(&self, email: &Email) -> Result<Option<Invitation>, StoreError>;
    /// Writes what became of an invitation.
    async fn invitation_ended(&self, invitation: &Invitation) -> Result<(), StoreError>;
}

/// Invitations by their secret, across companies.
#[async_trait]
pub trait PresentedInvitationReader: Send + Sync {
    /// The invitation of this hash.
    async fn invitation_by_hash(&self, hash: &[u8; 32]) -> Result<Option<Invitation>, StoreError>;
}

/// Invitations by their secret, across companies, to be accepted.
#[async_trait]
pub trait PresentedInvitationStore: Send + Sync {
    /// The invitation of this hash, locked until the transaction ends.
    async fn invitation_by_hash_locked(&self, hash: &[u8; 32]) -> Result<Option<Invitation>, StoreError>;
    /// Who made it, whom nobody changes until the transaction ends.
    async fn inviter_locked(&self, invitation: &Invitation) -> Result<Option<Membership>, StoreError>;
    /// Writes that an invitation was accepted.
    async fn invitation_accepted(&self, invitation: &Invitation) -> Result<(), StoreError>;
}

/// What of this part can be read of one company.
pub trait CompanyView: SettingsReader + PlaceReader + ReferenceReader + InvitationReader {}
impl<T: SettingsReader + PlaceReader + ReferenceReader + InvitationReader> CompanyView for T {}

/// What of this part can be changed in one company.
pub trait CompanyTx: SettingsStore + PlaceStore + ReferenceReader + MemberStore + InvitationStore {}
impl<T: SettingsStore + PlaceStore + ReferenceReader + MemberStore + InvitationStore> CompanyTx for T {}

/// What of this part can be read across companies.
pub trait CompaniesView: SettingsReader + MemberReader + PresentedInvitationReader {}
impl<T: SettingsReader + MemberReader + PresentedInvitationReader> CompaniesView for T {}

/// What of this part can be changed across companies.
pub trait CompaniesTx: SettingsReader + NewSettingsStore + PresentedInvitationStore {}
impl<T: SettingsReader + NewSettingsStore + PresentedInvitationStore> CompaniesTx for T {}
