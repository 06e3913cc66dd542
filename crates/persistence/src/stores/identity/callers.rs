//! The caller of a request, and the clinics of a company.

use async_trait::async_trait;
use chrono::Duration;
use identity::model::clinic::Clinic;
use identity::model::place::Country;
use identity::model::policy::Bindings;
use identity::ports::{CallerReader, ClinicReader, ClinicStore, SignedInMember};
use kernel::ids::{AccountId, ClinicId, MembershipId, PatientId, PractitionerId, SessionId};
use kernel::{Page, PageAsk, Start, StoreError, Total};
use sea_orm::{ColumnTrait, DbErr, FromQueryResult, QueryFilter, QueryOrder, QueryResult, QuerySelect};
use uuid::Uuid;

use crate::errors::store;
use crate::rows::identity::{clinic, membership, session};
use crate::session::SeaTx;

#[async_trait]
impl ClinicReader for SeaTx {
    async fn clinics_page(&self, ask: &PageAsk<ClinicId>) -> Result<Page<Clinic>, StoreError> {
        let total = match ask.total {
            Total::Count => Some(self.count(self.select::<clinic::Entity>()).await?),
            Total::Skip => None,
        };
        let select = self.select::<clinic::Entity>().order_by_asc(clinic::Column::Id).limit(u64::from(ask.limit) + 1);
        let select = match &ask.start {
            Start::First => select,
            Start::After(id) => select.filter(clinic::Column::Id.gt(id.uuid())),
            Start::Offset(rows) => select.offset(*rows),
        };
        let rows = self.all(select).await?.into_iter().map(Clinic::try_from).collect::<Result<Vec<_>, _>>()?;
        Ok(Page::from_surplus(rows, ask.limit, total, |clinic| clinic.id))
    }
}

#[async_trait]
impl ClinicStore for SeaTx {
    async fn clinic_add(&self, clinic: &Clinic) -> Result<(), StoreError> {
        self.insert(clinic::Model::try_from(clinic)?).await
    }
}

/// One statement, because it stands before the usual request whenever its caller is not remembered.
const CALLER: &str = "\
    SELECT s.*, m.role, m.status, m.practitioner_id, m.patient_id, c.country, o.session_idle_minutes \
    FROM session s \
    JOIN membership m ON m.tenant_id = s.tenant_id AND m.id = s.membership_id \
    JOIN company c ON c.tenant_id = s.tenant_id \
    LEFT JOIN company_settings o ON o.tenant_id = s.tenant_id \
    WHERE s.tenant_id = $1 AND s.id = $2";

#[async_trait]
impl CallerReader for SeaTx {
    async fn signed_in_member(&self, session: SessionId) -> Result<Option<SignedInMember>, StoreError> {
        let rows = self.rows(CALLER, [self.tenant().into(), session.uuid().into()]).await?;
        rows.first().map(|row| Found::read(row).map_err(store)?.member()).transpose()
    }
}

struct Found {
    session: session::Model,
    role: String,
    status: String,
    practitioner: Option<Uuid>,
    patient: Option<Uuid>,
    country: String,
    idle_minutes: Option<i32>,
}

impl Found {
    fn read(row: &QueryResult) -> Result<Self, DbErr> {
        Ok(Self {
            session: session::Model::from_query_result(row, "")?,
            role: row.try_get("", "role")?,
            status: row.try_get("", "status")?,
            practitioner: row.try_get("", "practitioner_id")?,
            patient: row.try_get("", "patient_id")?,
            country: row.try_get("", "country")?,
            idle_minutes: row.try_get("", "session_idle_minutes")?,
        })
    }

    fn member(self) -> Result<SignedInMember, StoreError> {
        Ok(SignedInMember {
            account: AccountId::from_uuid(self.session.account_id),
            role: membership::role(&self.role)?,
            status: membership::status(&self.status)?,
            bindings: Bindings {
                membership: MembershipId::from_uuid(self.session.membership_id),
                practitioner: self.practitioner.map(PractitionerId::from_uuid),
                patient: self.patient.map(PatientId::from_uuid),
            },
            country: Country::parse(&self.country).map_err(StoreError::broken)?,
            idle: self.idle_minutes.map(|minutes| Duration::minutes(minutes.into())),
            session: self.session.try_into()?,
        })
    }
}
