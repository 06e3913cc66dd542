//! A company and its clinics, one by one, and what of the company a membership can name.

use async_trait::async_trait;
use identity::model::clinic::Clinic;
use identity::model::company::Company;
use identity::ports::{PlaceReader, PlaceStore, ReferenceReader};
use kernel::StoreError;
use kernel::ids::{ClinicId, PatientId, PractitionerId};
use sea_orm::{ActiveModelTrait, ColumnTrait, FromQueryResult, IntoActiveModel, QueryFilter, QuerySelect};
use uuid::Uuid;

use crate::rows::identity::{clinic, company};
use crate::rows::patient;
use crate::rows::scheduling::practitioner;
use crate::session::SeaTx;

/// A row that is held.
#[derive(Debug, FromQueryResult)]
struct Held {
    #[expect(dead_code, reason = "it is read for its lock")]
    id: Uuid,
}

/// What an update of one row at one version did.
pub(super) fn the_one(touched: u64) -> Result<(), StoreError> {
    if touched == 1 { Ok(()) } else { Err(StoreError::Contended) }
}

#[async_trait]
impl PlaceReader for SeaTx {
    async fn company(&self) -> Result<Company, StoreError> {
        let row = self.one(self.select::<company::Entity>()).await?;
        row.ok_or_else(|| StoreError::broken("no such company"))?.try_into()
    }

    async fn clinic_by_id(&self, id: ClinicId) -> Result<Option<Clinic>, StoreError> {
        let select = self.select::<clinic::Entity>().filter(clinic::Column::Id.eq(id.uuid()));
        self.one(select).await?.map(TryInto::try_into).transpose()
    }
}

#[async_trait]
impl PlaceStore for SeaTx {
    async fn company_update(&self, company: &Company) -> Result<(), StoreError> {
        let update = self
            .update_where::<company::Entity>()
            .set(company::Model::from(company).into_active_model().reset_all())
            .filter(company::Column::Id.eq(company.id.uuid()))
            .filter(company::Column::Version.eq(company.version - 1));
        the_one(self.exec(update).await?)
    }

    async fn clinic_update(&self, clinic: &Clinic) -> Result<(), StoreError> {
        let update = self
            .update_where::<clinic::Entity>()
            .set(clinic::Model::try_from(clinic)?.into_active_model().reset_all())
            .filter(clinic::Column::Id.eq(clinic.id.uuid()))
            .filter(clinic::Column::Version.eq(clinic.version - 1));
        the_one(self.exec(update).await?)
    }
}

/// Whatever the caller's reach: a reference is told known or unknown, and its row is not answered with.
#[async_trait]
impl ReferenceReader for SeaTx {
    async fn clinics_known(&self, clinics: &[ClinicId]) -> Result<Vec<ClinicId>, StoreError> {
        let named = clinics.iter().map(|clinic| clinic.uuid());
        let select = self.select_unreached::<clinic::Entity>().filter(clinic::Column::Id.is_in(named));
        Ok(self.all(select).await?.into_iter().map(|row| ClinicId::from_uuid(row.id)).collect())
    }

    async fn practitioner_is_known(&self, id: PractitionerId) -> Result<bool, StoreError> {
        let select = self.select_unreached::<practitioner::Entity>();
        Ok(self.count(select.filter(practitioner::Column::Id.eq(id.uuid()))).await? > 0)
    }

    async fn patient_is_known(&self, id: PatientId) -> Result<bool, StoreError> {
        let select = self.select_unreached::<patient::Entity>().filter(patient::Column::Id.eq(id.uuid()));
        let open = select.filter(patient::Column::ArchivedAt.is_null()).filter(patient::Column::MergedInto.is_null());
        // Neither archived nor merged until what names it is there.
        let held: Vec<Held> = self.all_as(open.select_only().column(patient::Column::Id).lock_shared()).await?;
        Ok(!held.is_empty())
    }
}
