//! Members as their company sees and changes them: never the account's name, address, password or second factor.

use chrono::{DateTime, Utc};
use kernel::Patch;
use kernel::ids::{ClinicId, MembershipId, PatientId, PractitionerId};
use thiserror::Error;

use super::email::Email;
use super::membership::{Credentials, Membership, MembershipStatus};
use super::name::DisplayName;
use super::registration::{Adeli, Registration, Rpps};
use super::role::Role;

/// A membership with the address of its account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Member {
    /// The membership.
    pub membership: Membership,
    /// The address its account signs in with.
    pub email: Email,
    /// When that address proved to be the person's.
    pub email_verified_at: Option<DateTime<Utc>>,
}

/// Which members are wanted; what is not named does not narrow.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct MemberFilter {
    /// Of these roles.
    pub roles: Vec<Role>,
    /// With these statuses.
    pub statuses: Vec<MembershipStatus>,
    /// Who work in this clinic; who name no clinic work in all.
    pub clinic: Option<ClinicId>,
    /// Whose account has this address.
    pub email: Option<Email>,
}

/// A change of a member; what is not mentioned stays.
#[derive(Debug, Clone, Default)]
pub struct MemberPatch {
    /// The role.
    pub role: Option<Role>,
    /// The name in this company.
    pub display_name: Option<DisplayName>,
    /// The clinics, all at once; cleared: all of the company's.
    pub clinics: Patch<Vec<ClinicId>>,
    /// The practitioner whose agenda is its own.
    pub practitioner: Patch<PractitionerId>,
    /// The patient that it is.
    pub patient: Patch<PatientId>,
    /// The registrations with councils, all at once.
    pub registrations: Patch<Vec<Registration>>,
    /// The RPPS number.
    pub rpps: Patch<Rpps>,
    /// The ADELI number.
    pub adeli: Patch<Adeli>,
}

/// The company would be left without an active admin (I6).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the last admin of a company stays")]
pub struct LastAdmin;

impl LastAdmin {
    /// The stable code of the refusal.
    pub const CODE: &'static str = "identity.last_admin";
}

/// Clinics in the order of their ids, each once.
pub fn distinct(mut clinics: Vec<ClinicId>) -> Vec<ClinicId> {
    clinics.sort_unstable();
    clinics.dedup();
    clinics
}

impl MemberPatch {
    /// Clinics that the change names.
    pub fn named_clinics(&self) -> &[ClinicId] {
        match &self.clinics {
            Patch::Set(clinics) => clinics,
            Patch::Keep | Patch::Clear => &[],
        }
    }

    /// The practitioner that the change names.
    pub const fn named_practitioner(&self) -> Option<PractitionerId> {
        match self.practitioner {
            Patch::Set(practitioner) => Some(practitioner),
            Patch::Keep | Patch::Clear => None,
        }
    }

    /// The patient that the change names.
    pub const fn named_patient(&self) -> Option<PatientId> {
        match self.patient {
            Patch::Set(patient) => Some(patient),
            Patch::Keep | Patch::Clear => None,
        }
    }
}

impl Membership {
    /// True when both reach equally far: role, agenda and patient are the same.
    pub fn reaches_as(&self, other: &Self) -> bool {
        (self.role, self.practitioner, self.patient) == (other.role, other.practitioner, other.patient)
    }

    /// The membership after a change, one version on; itself where the change changes nothing.
    #[must_use]
    pub fn changed(&self, patch: MemberPatch) -> Self {
        let Credentials { registrations, rpps, adeli } = self.credentials.clone();
        let after = Self {
            role: patch.role.unwrap_or(self.role),
            display_name: patch.display_name.unwrap_or_else(|| self.display_name.clone()),
            clinics: distinct(patch.clinics.applied_or_default(self.clinics.clone())),
            practitioner: patch.practitioner.applied_to(self.practitioner),
            patient: patch.patient.applied_to(self.patient),
            credentials: Credentials {
                registrations: patch.registrations.applied_or_default(registrations),
                rpps: patch.rpps.applied_to(rpps),
                adeli: patch.adeli.applied_to(adeli),
            },
            ..self.clone()
        };
        after.unless_same(self)
    }

    /// The membership out of use.
    #[must_use]
    pub fn deactivated(&self) -> Self {
        Self { status: MembershipStatus::Inactive, ..self.clone() }.unless_same(self)
    }

    /// The membership in use.
    #[must_use]
    pub fn activated(&self) -> Self {
        Self { status: MembershipStatus::Active, ..self.clone() }.unless_same(self)
    }

    /// True when it runs the company.
    pub fn is_active_admin(&self) -> bool {
        self.role == Role::Admin && self.is_active()
    }

    /// I6: the last active admin stays one. `admins` are the active admins of the company before this change, which nobody else
    /// may be changing meanwhile.
    pub fn leaves_an_admin(&self, after: &Self, admins: &[MembershipId]) -> Result<(), LastAdmin> {
        let gives_up = self.is_active_admin() && !after.is_active_admin();
        let others = admins.iter().any(|admin| *admin != self.id);
        if gives_up && !others { Err(LastAdmin) } else { Ok(()) }
    }

    fn unless_same(self, before: &Self) -> Self {
        if self == *before { self } else { Self { version: before.version + 1, ..self } }
    }
}

#[cfg(test)]
mod tests {
    use kernel::ids::{AccountId, TenantId};
    use proptest::prelude::*;
    use uuid::Uuid;

    use super::*;

    fn member(role: Role, status: MembershipStatus) -> Membership {
        Membership {
            id: MembershipId::from_uuid(Uuid::from_u128(1)),
            tenant: TenantId::from_uuid(Uuid::from_u128(2)),
            account: AccountId::from_uuid(Uuid::from_u128(3)),
            role,
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

    fn clinic(n: u128) -> ClinicId {
        ClinicId::from_uuid(Uuid::from_u128(n))
    }

    #[test]
    fn a_change_is_one_version_and_clinics_stand_once() {
        let before = member(Role::Nurse, MembershipStatus::Active);
        let patch = MemberPatch {
            role: Some(Role::Doctor),
            clinics: Patch::Set(vec![clinic(9), clinic(8), clinic(9)]),
            rpps: Patch::Set(Rpps::parse("79927398713").unwrap()),
            ..MemberPatch::default()
        };
        let after = before.changed(patch);
        assert_eq!((after.role, after.clinics.clone(), after.version), (Role::Doctor, vec![clinic(8), clinic(9)], 2));
        assert_eq!((after.account, after.status), (before.account, before.status));
        assert_eq!(after.changed(MemberPatch::default()), after);
        let cleared =
            after.changed(MemberPatch { clinics: Patch::Clear, rpps: Patch::Clear, ..MemberPatch::default() });
        assert_eq!((cleared.clinics, cleared.credentials), (Vec::new(), Credentials::default()));
    }

    #[test]
    fn i6_the_last_admin_stays() {
        let admin = member(Role::Admin, MembershipStatus::Active);
        let other = MembershipId::from_uuid(Uuid::from_u128(7));
        let demoted = admin.changed(MemberPatch { role: Some(Role::Doctor), ..MemberPatch::default() });
        for after in [&demoted, &admin.deactivated()] {
            assert_eq!(admin.leaves_an_admin(after, &[admin.id]), Err(LastAdmin));
            assert_eq!(admin.leaves_an_admin(after, &[admin.id, other]), Ok(()));
        }
        let renamed = MemberPatch { display_name: DisplayName::parse("Ana").ok(), ..MemberPatch::default() };
        assert_eq!(admin.leaves_an_admin(&admin.changed(renamed), &[admin.id]), Ok(()));
        let gone = member(Role::Admin, MembershipStatus::Inactive);
        assert_eq!(
            gone.leaves_an_admin(&gone.changed(MemberPatch { role: Some(Role::Nurse), ..MemberPatch::default() }), &[]),
            Ok(())
        );
    }

    #[test]
    fn being_out_of_use_twice_is_being_so_once() {
        let active = member(Role::Nurse, MembershipStatus::Active);
        let gone = active.deactivated();
        assert_eq!((gone.status, gone.version, gone.deactivated()), (MembershipStatus::Inactive, 2, gone.clone()));
        assert_eq!((gone.activated().status, gone.activated().version), (MembershipStatus::Active, 3));
        assert_eq!(active.activated(), active);
    }

    proptest! {
        #[test]
        fn i6_whatever_happens_one_by_one_an_admin_is_left(acts in proptest::collection::vec((0..4_usize, 0..3_u8), 0..40)) {
            let mut company: Vec<Membership> = (0..4_u128)
                .map(|n| Membership {
                    id: MembershipId::from_uuid(Uuid::from_u128(n + 10)),
                    ..member(if n == 0 { Role::Admin } else { Role::Nurse }, MembershipStatus::Active)
                })
                .collect();
            for (who, what) in acts {
                let admins: Vec<_> = company.iter().filter(|one| one.is_active_admin()).map(|one| one.id).collect();
                let role = |role| MemberPatch { role: Some(role), ..MemberPatch::default() };
                let before = company[who].clone();
                let after = match what {
                    0 => before.deactivated(),
                    1 => before.activated().changed(role(Role::Admin)),
                    _ => before.changed(role(Role::Nurse)),
                };
                if before.leaves_an_admin(&after, &admins).is_ok() {
                    company[who] = after;
                }
                prop_assert!(company.iter().any(Membership::is_active_admin));
            }
        }
    }
}
