//! Memberships: an account's place in a company.

use chrono::{DateTime, Utc};
use kernel::ids::{AccountId, ClinicId, MembershipId, PatientId, PractitionerId, TenantId};
use kernel::{Facts, Grants};

use super::account::Account;
use super::clinic::Clinic;
use super::company::Company;
use super::name::{DisplayName, PlaceName};
use super::policy::{self, Bindings};
use super::registration::{Adeli, Registration, Rpps};
use super::role::Role;

/// Whether a membership may be used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum MembershipStatus {
    /// Asked to join, not there yet.
    Invited,
    /// In use.
    Active,
    /// Out of use.
    Inactive,
}

/// The professional numbers of a member.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Credentials {
    /// Registrations with Brazilian councils.
    pub registrations: Vec<Registration>,
    /// French RPPS number.
    pub rpps: Option<Rpps>,
    /// French ADELI number.
    pub adeli: Option<Adeli>,
}

/// An account's place in one company, with one role.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Membership {
    /// Its id.
    pub id: MembershipId,
    /// The company.
    pub tenant: TenantId,
    /// The account; one membership per account and company.
    pub account: AccountId,
    /// What it does there.
    pub role: Role,
    /// Whether it may be used.
    pub status: MembershipStatus,
    /// The name it is shown by in this company.
    pub display_name: DisplayName,
    /// The practitioner whose agenda is its own.
    pub practitioner: Option<PractitionerId>,
    /// The patient that it is.
    pub patient: Option<PatientId>,
    /// The clinics it works in; none named means all.
    pub clinics: Vec<ClinicId>,
    /// Its professional numbers.
    pub credentials: Credentials,
    /// When it was made.
    pub created_at: DateTime<Utc>,
    /// Counts changes from 1.
    pub version: i64,
}

/// A membership with the company's name, as sign-in lists them.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompanyOfAccount {
    /// The company.
    pub tenant: TenantId,
    /// Its name.
    pub name: PlaceName,
    /// The account's membership there.
    pub membership: MembershipId,
    /// Its role there.
    pub role: Role,
    /// Whether it may be used.
    pub status: MembershipStatus,
}

/// Everything that sign-in and `me` tell about a member.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Profile {
    /// The person.
    pub account: Account,
    /// The membership.
    pub membership: Membership,
    /// The company.
    pub company: Company,
    /// The clinics the member works in, by id.
    pub clinics: Vec<Clinic>,
    /// All companies of the account, by id.
    pub companies: Vec<CompanyOfAccount>,
}

/// Why no company was chosen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum NoCompany {
    /// The account may enter none, or not the one it asked for.
    NotAMember,
    /// It may enter several and named none.
    Several(Vec<CompanyOfAccount>),
}

/// The company to sign in to: the one asked for, else the only one; memberships that are not active do not count.
pub fn choose_company(companies: &[CompanyOfAccount], asked: Option<TenantId>) -> Result<CompanyOfAccount, NoCompany> {
    let open = companies.iter().filter(|company| company.status == MembershipStatus::Active);
    let open: Vec<_> = open.filter(|company| asked.is_none_or(|asked| company.tenant == asked)).cloned().collect();
    match <[_; 1]>::try_from(open) {
        Ok([only]) => Ok(only),
        Err(none) if none.is_empty() => Err(NoCompany::NotAMember),
        Err(several) => Err(NoCompany::Several(several)),
    }
}

impl CompanyOfAccount {
    /// The company of a membership.
    pub fn of(company: &Company, membership: &Membership) -> Self {
        Self {
            tenant: company.id,
            name: company.name.clone(),
            membership: membership.id,
            role: membership.role,
            status: membership.status,
        }
    }

    /// True when it may be signed in to.
    pub fn is_active(&self) -> bool {
        self.status == MembershipStatus::Active
    }
}

impl MembershipStatus {
    /// All statuses.
    pub const ALL: [Self; 3] = [Self::Invited, Self::Active, Self::Inactive];

    /// `invited`, `active` or `inactive`.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Invited => "invited",
            Self::Active => "active",
            Self::Inactive => "inactive",
        }
    }

    /// The status of exactly this name.
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|status| status.name() == name)
    }
}

impl Membership {
    /// The fields as the journal sees them.
    pub fn facts(&self) -> Facts {
        Facts::new()
            .open("account_id", self.account)
            .open("role", self.role.name())
            .open("status", self.status.name())
            .personal("display_name", &self.display_name)
            .open("practitioner_id", self.practitioner)
            .open("patient_id", self.patient)
            .open("clinic_ids", &self.clinics)
            .personal("registrations", &self.credentials.registrations)
            .personal("rpps_number", &self.credentials.rpps)
            .personal("adeli_number", &self.credentials.adeli)
            .about(self.account)
    }

    /// The membership under another name, which its holder chose.
    #[must_use]
    pub fn renamed(self, display_name: DisplayName) -> Self {
        Self { display_name, version: self.version + 1, ..self }
    }

    /// True when it may be signed in with.
    pub fn is_active(&self) -> bool {
        self.status == MembershipStatus::Active
    }

    /// What it may do; nothing unless it is active.
    pub fn grants(&self) -> Grants {
        let bindings = Bindings { membership: self.id, practitioner: self.practitioner, patient: self.patient };
        if self.is_active() { policy::grants(self.role, &bindings) } else { Grants::default() }
    }
}

#[cfg(test)]
mod tests {
    use kernel::Reach;
    use uuid::Uuid;

    use super::*;

    fn membership(status: MembershipStatus) -> Membership {
        Membership {
            id: MembershipId::from_uuid(Uuid::from_u128(1)),
            tenant: TenantId::from_uuid(Uuid::from_u128(2)),
            account: AccountId::from_uuid(Uuid::from_u128(3)),
            role: Role::Receptionist,
            status,
            display_name: DisplayName::parse("Rita").unwrap(),
            practitioner: None,
            patient: None,
            clinics: Vec::new(),
            credentials: Credentials::default(),
            created_at: DateTime::UNIX_EPOCH,
            version: 1,
        }
    }

    #[test]
    fn i6_only_an_active_membership_is_granted_anything() {
        assert_eq!(membership(MembershipStatus::Active).grants().reach("patients:read"), Some(Reach::Company));
        assert_eq!(membership(MembershipStatus::Inactive).grants(), Grants::default());
        assert_eq!(membership(MembershipStatus::Invited).grants(), Grants::default());
    }

    #[test]
    fn the_company_is_the_one_asked_for_or_the_only_one() {
        let company = |n: u128, status| CompanyOfAccount {
            tenant: TenantId::from_uuid(Uuid::from_u128(n)),
            name: PlaceName::parse("Aurora").unwrap(),
            membership: MembershipId::from_uuid(Uuid::from_u128(n)),
            role: Role::Doctor,
            status,
        };
        let active = |n| company(n, MembershipStatus::Active);
        let closed = |n| company(n, MembershipStatus::Inactive);
        assert_eq!(choose_company(&[closed(1), active(2)], None), Ok(active(2)));
        assert_eq!(choose_company(&[active(1), active(2)], Some(active(2).tenant)), Ok(active(2)));
        assert_eq!(choose_company(&[active(1), active(2)], None), Err(NoCompany::Several(vec![active(1), active(2)])));
        assert_eq!(choose_company(&[closed(1), active(2)], Some(closed(1).tenant)), Err(NoCompany::NotAMember));
        assert_eq!(choose_company(&[], None), Err(NoCompany::NotAMember));
    }

    #[test]
    fn i11_the_journal_seals_a_members_name() {
        let facts = membership(MembershipStatus::Active).facts();
        assert!(facts.personal_fields().contains_key("display_name"));
        assert!(!facts.open_fields().contains_key("display_name"));
    }
}
