//! What every founding makes: a company with its settings, its first clinic, and the membership of its admin.

use chrono::{DateTime, Utc};
use kernel::ids::{AccountId, SettingsId};
use kernel::{Change, Journal, StoreError};

use crate::Identity;
use crate::model::clinic::{Clinic, ClinicRegister};
use crate::model::company::Company;
use crate::model::membership::{Credentials, Membership, MembershipStatus};
use crate::model::name::{DisplayName, PlaceName};
use crate::model::place::{Country, Locale, TimeZone};
use crate::model::role::Role;
use crate::model::settings::CompanySettings;
use crate::ports::AcrossTx;

/// What is founded, and where.
#[derive(Debug, Clone)]
pub struct NewCompany {
    /// The company's name, and its first clinic's.
    pub name: PlaceName,
    /// Where the company is.
    pub country: Country,
    /// The zone of its first clinic.
    pub time_zone: TimeZone,
    /// Its language.
    pub locale: Locale,
}

/// A company that is about to be stored.
pub(super) struct Founding {
    pub(super) company: Company,
    pub(super) settings: CompanySettings,
    pub(super) clinic: Clinic,
    pub(super) admin: Membership,
}

impl Founding {
    pub(super) fn of(
        env: &Identity,
        ask: NewCompany,
        (account, display_name): (AccountId, DisplayName),
        now: DateTime<Utc>,
    ) -> Self {
        let NewCompany { name, country, time_zone, locale } = ask;
        let company = Company { id: env.ids.next(), name, country, locale, created_at: now, version: 1 };
        let clinic = Clinic {
            id: env.ids.next(),
            tenant: company.id,
            name: company.name.clone(),
            country,
            time_zone,
            locale,
            register: ClinicRegister::default(),
            created_at: now,
            version: 1,
        };
        let admin = Membership {
            id: env.ids.next(),
            tenant: company.id,
            account,
            role: Role::Admin,
            status: MembershipStatus::Active,
            display_name,
            practitioner: None,
            patient: None,
            clinics: Vec::new(),
            credentials: Credentials::default(),
            created_at: now,
            version: 1,
        };
        let settings = CompanySettings::usual(company.id, locale, time_zone);
        Self { company, settings, clinic, admin }
    }

    pub(super) async fn save(&self, tx: &dyn AcrossTx) -> Result<(), StoreError> {
        tx.company_add(&self.company).await?;
        tx.settings_add(&self.settings).await?;
        tx.clinic_add(&self.clinic).await?;
        tx.membership_add(&self.admin).await
    }

    pub(super) fn told(&self, journal: Journal) -> Journal {
        let Self { company, settings, clinic, admin } = self;
        let of_company = SettingsId::from_uuid(company.id.uuid());
        journal
            .changed(Change::created(company.id, company.version, company.facts()))
            .changed(Change::created(of_company, settings.version, settings.facts()))
            .changed(Change::created(clinic.id, clinic.version, clinic.facts()))
            .changed(Change::created(admin.id, admin.version, admin.facts()))
    }
}
