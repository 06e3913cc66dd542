//! The registry of patients.

mod appointments_ahead;
mod distance;
pub(crate) mod drivers;
mod exports;
mod filter;
mod fragment;
mod imports;
mod json;
mod links;
mod list;
mod matching;
mod merges;
mod profile;
mod references;
mod search;
mod statistics;
mod tags;
mod timeline;
mod visits;

pub use statistics::FOLDED_AT_ONCE;

use async_trait::async_trait;
use kernel::ids::PatientId;
use kernel::{Page, StoreError, TenantScope};
use patients::model::{IdentifierKind, IdentifierStanding, Patient, PatientSummary, sort_text};
use patients::ports::{PatientList, PatientReads, PatientWrites, PatientsDb, PatientsTx, PatientsView};
use sea_orm::sea_query::Expr;
use sea_orm::{ActiveModelTrait, ColumnTrait, IntoActiveModel, QueryFilter, QuerySelect, Select};
use uuid::Uuid;

use crate::rows::{patient, patient_contact, patient_facet, patient_identifier, patient_place};
use crate::{Database, SeaTx};

#[async_trait]
impl PatientsDb for Database {
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn PatientsTx>, StoreError> {
        Ok(Box::new(self.open(scope).await?))
    }

    async fn begin_on(&self, scope: &TenantScope, agendas: &[Uuid]) -> Result<Box<dyn PatientsTx>, StoreError> {
        Ok(Box::new(self.open_agenda(scope, agendas).await?))
    }

    async fn view(&self, scope: &TenantScope) -> Result<Box<dyn PatientsView>, StoreError> {
        Ok(Box::new(self.look(scope).await?))
    }
}

#[async_trait]
impl PatientReads for SeaTx {
    async fn patient_by_id(&self, id: PatientId) -> Result<Option<Patient>, StoreError> {
        let select = self.select::<patient::Entity>().filter(patient::Column::Id.eq(id.uuid()));
        Ok(self.records(select).await?.into_iter().next())
    }

    async fn patient_list(&self, ask: &PatientList) -> Result<Page<PatientSummary>, StoreError> {
        let source = drivers::source(self, &ask.selection.filter).await?;
        match ask.selection.search.as_ref().filter(|terms| !terms.is_empty()) {
            Some(terms) => search::page(self, ask, terms, &source).await,
            None => list::page(self, ask, source).await,
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
            .filter(patient_identifier::Column::Value.eq(value))
            .filter(patient_identifier::Column::Standing.ne(IdentifierStanding::Moved.as_str()));
        Ok(self.one(select).await?.map(|row| PatientId::from_uuid(row.patient_id)))
    }
}

#[async_trait]
impl PatientWrites for SeaTx {
    async fn patient_add(&self, patient: &Patient) -> Result<(), StoreError> {
        self.insert(patient::Model::of(patient, self.tenant())?).await?;
        self.add_parts(&[patient]).await?;
        self.add_match_keys(&[patient]).await
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
        self.exec(self.delete_where::<patient_facet::Entity>().filter(patient_facet::Column::PatientId.eq(id))).await?;
        self.exec(self.delete_where::<patient_place::Entity>().filter(patient_place::Column::PatientId.eq(id))).await?;
        self.add_parts(&[patient]).await?;
        self.remove_match_keys(patient.id).await?;
        self.add_match_keys(&[patient]).await?;
        Ok(true)
    }
}

impl SeaTx {
    /// Whole records.
    async fn records(&self, select: Select<patient::Entity>) -> Result<Vec<Patient>, StoreError> {
        let found: Vec<patient::Record> = self.all_as(self.with_parts(select)).await?;
        found.into_iter().map(Patient::try_from).collect()
    }

    /// Records with their identifiers and contacts, as [`patient::Record`] reads them.
    fn with_parts(&self, select: Select<patient::Entity>) -> Select<patient::Entity> {
        let (identifiers, contacts) = if self.is_postgres() {
            (patient_identifier::PARTS_POSTGRES, patient_contact::PARTS_POSTGRES)
        } else {
            (patient_identifier::PARTS_SQLITE, patient_contact::PARTS_SQLITE)
        };
        select.expr_as(Expr::cust(identifiers), "identifiers").expr_as(Expr::cust(contacts), "contacts")
    }

    /// Writes what lies beside the rows of some records, at most some hundreds: a statement for each table.
    async fn add_parts(&self, patients: &[&Patient]) -> Result<(), StoreError> {
        let tenant = self.tenant();
        let facets =
            |patient: &&Patient| patient_facet::Model::all_of(patient, tenant, &sort_text(&patient.search_text()));
        self.insert_all(patients.iter().flat_map(|patient| patient_identifier::Model::all_of(patient, tenant))).await?;
        self.insert_all(patients.iter().flat_map(|patient| patient_contact::Model::all_of(patient, tenant))).await?;
        self.insert_all(patients.iter().flat_map(facets)).await?;
        self.insert_all(patients.iter().flat_map(|patient| patient_place::Model::all_of(patient, tenant))).await
    }
}
