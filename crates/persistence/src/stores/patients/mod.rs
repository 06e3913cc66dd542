//! The registry of patients.

mod list;
mod search;

use async_trait::async_trait;
use kernel::ids::PatientId;
use kernel::{Page, StoreError, TenantScope};
use patients::model::{IdentifierKind, Patient, PatientLink, PatientSummary};
use patients::ports::{PatientList, PatientReads, PatientWrites, PatientsDb, PatientsTx, PatientsView};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect};

use crate::rows::{patient, patient_contact, patient_identifier, patient_link};
use crate::{Database, SeaTx};

#[async_trait]
impl PatientsDb for Database {
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn PatientsTx>, StoreError> {
        Ok(Box::new(self.open(scope).await?))
    }

    async fn view(&self, scope: &TenantScope) -> Result<Box<dyn PatientsView>, StoreError> {
        Ok(Box::new(self.look(scope).await?))
    }
}

#[async_trait]
impl PatientReads for SeaTx {
    async fn patient_by_id(&self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        let (identifiers, contacts) = if self.is_postgres() {
            (patient_identifier::PARTS_POSTGRES, patient_contact::PARTS_POSTGRES)
        } else {
            (patient_identifier::PARTS_SQLITE, patient_contact::PARTS_SQLITE)
        };
        let select = self
            .select::<patient::Entity>()
            .filter(patient::Column::Id.eq(id.uuid()))
            .expr_as(Expr::cust(identifiers), "identifiers")
            .expr_as(Expr::cust(contacts), "contacts");
        let found: Vec<patient::Record> = self.all_as(select).await?;
        found.into_iter().next().map(Patient::try_from).transpose()
    }

    async fn patient_list(&self, ask: &PatientList) -> Result<Page<PatientSummary>, StoreError> {
        match ask.search.as_ref().filter(|terms| !terms.is_empty()) {
            Some(terms) => search::page(self, terms, &ask.page).await,
            None => list::page(self, ask.sort, &ask.page).await,
        }
    }

    async fn patient_with_identifier(
        &self,
        kind: IdentifierKind,
        value: &str,
    ) -> Result<Option<PatientId>, StoreError> {
        let select = self
            .select::<patient_identifier::Entity>()
            .filter(patient_identifier::Column::Kind.eq(kind.as_str()))
            .filter(patient_identifier::Column::Value.eq(value));
        Ok(self.one(select).await?.map(|row| PatientId::from_uuid(row.patient_id)))
    }
}

#[async_trait]
impl PatientWrites for SeaTx {
    async fn patient_link_add(&self, link: &PatientLink) -> Result<(), StoreError> {
        self.insert(patient_link::Model::of(link, self.tenant())).await
    }

    async fn patient_add(&self, patient: &Patient) -> Result<(), StoreError> {
        self.insert(patient::Model::of(patient, self.tenant())?).await?;
        self.add_parts(patient).await
    }

    async fn patient_save(&self, patient: &Patient) -> Result<bool, StoreError> {
        let mut row = patient::Model::of(patient, self.tenant())?.into_active_model().reset_all();
        for key in [patient::Column::TenantId, patient::Column::Id, patient::Column::CreatedAt] {
            row.not_set(key);
        }
        let update = self
            .update_where::<patient::Entity>()
            .set(row)
            .filter(patient::Column::Id.eq(patient.id.uuid()))
            .filter(patient::Column::Version.eq(patient.version - 1));
        if self.exec(update).await? == 0 {
            return Ok(false);
        }
        let id = patient.id.uuid();
        self.exec(
            self.delete_where::<patient_identifier::Entity>().filter(patient_identifier::Column::PatientId.eq(id)),
        )
        .await?;
        self.exec(self.delete_where::<patient_contact::Entity>().filter(patient_contact::Column::PatientId.eq(id)))
            .await?;
        self.add_parts(patient).await?;
        Ok(true)
    }
}

impl SeaTx {
    async fn add_parts(&self, patient: &Patient) -> Result<(), StoreError> {
        self.insert_all(patient_identifier::Model::all_of(patient, self.tenant())).await?;
        self.insert_all(patient_contact::Model::all_of(patient, self.tenant())).await
    }
}
