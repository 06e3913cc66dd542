//! The registry as an import sees it.

use std::collections::BTreeMap;

use async_trait::async_trait;
use kernel::StoreError;
use kernel::ids::PatientId;
use patients::model::import::ImportKind;
use patients::model::{IdentifierKind, Patient};
use patients::ports::imports::{ExternalReference, Held, MOST_SHARING, ReferenceKey, RegistryImport};
use sea_orm::{ColumnTrait, QueryFilter, Value};
use uuid::Uuid;

use super::{AT_ONCE, places};
use crate::SeaTx;
use crate::errors::store;
use crate::rows::{external_reference, patient, patient_identifier};

/// Tables that only describe a patient, each with the column that names them: they go with the record.
const DESCRIPTIONS: &[(&str, &str)] = &[
    ("external_reference", "patient_id"),
    ("patient_attendance", "patient_id"),
    ("patient_contact", "patient_id"),
    ("patient_duplicate", "first_id"),
    ("patient_duplicate", "second_id"),
    ("patient_facet", "patient_id"),
    ("patient_identifier", "patient_id"),
    ("patient_match_due", "patient_id"),
    ("patient_match_key", "patient_id"),
    ("patient_place", "patient_id"),
];

/// What somebody has made with a patient, by table and column: a record that is named here stays.
const USES: &[(&str, &str)] = &[
    ("appointment", "patient_id"),
    ("appointment", "beneficiary_id"),
    ("invitation", "patient_id"),
    ("membership", "patient_id"),
    ("patient", "merged_into"),
    ("patient_link", "patient_id"),
    ("patient_merge", "source_id"),
    ("patient_merge", "target_id"),
];

#[async_trait]
impl RegistryImport for SeaTx {
    async fn references_known(&self, keys: &[ReferenceKey]) -> Result<Vec<ExternalReference>, StoreError> {
        use external_reference::{Column, Entity};
        let mut groups: BTreeMap<(ImportKind, &str), Vec<&str>> = BTreeMap::new();
        for key in keys {
            groups.entry((key.kind, &key.namespace)).or_default().push(&key.value);
        }
        let mut known = Vec::new();
        for ((kind, namespace), values) in groups {
            let select = self
                .select::<Entity>()
                .filter(Column::Kind.eq(kind.as_str()))
                .filter(Column::Namespace.eq(namespace))
                .filter(Column::Value.is_in(values));
            known.extend(self.all(select).await?);
        }
        known.into_iter().map(ExternalReference::try_from).collect()
    }

    async fn references_save(&self, references: &[ExternalReference]) -> Result<(), StoreError> {
        for some in references.chunks(AT_ONCE) {
            let (mut values, mut rows): (Vec<Value>, Vec<String>) = (Vec::new(), Vec::new());
            for reference in some {
                let row = external_reference::Model::of(reference, self.tenant());
                let first = values.len() + 1;
                values.extend([Value::from(row.tenant_id), row.kind.into(), row.namespace.into(), row.value.into()]);
                values.extend([Value::from(row.fingerprint), row.file_sha256.into()]);
                values.extend([Value::from(row.patient_id), row.appointment_id.into()]);
                rows.push(format!("({})", places(first, values.len())));
            }
            let sql = format!(
                "INSERT INTO external_reference \
                 (tenant_id, kind, namespace, value, fingerprint, file_sha256, patient_id, appointment_id) VALUES {} \
                 ON CONFLICT (tenant_id, kind, namespace, value) DO UPDATE SET fingerprint = excluded.fingerprint, \
                 file_sha256 = excluded.file_sha256, patient_id = excluded.patient_id, appointment_id = excluded.appointment_id",
                rows.join(", ")
            );
            self.run(&sql, values).await?;
        }
        Ok(())
    }

    async fn identifiers_held(&self, identifiers: &[(IdentifierKind, String)]) -> Result<Vec<Held>, StoreError> {
        use patient_identifier::{Column, Entity};
        let mut held = Vec::new();
        for kind in IdentifierKind::ALL {
            let values: Vec<&str> =
                identifiers.iter().filter(|(of, _)| *of == kind).map(|(_, value)| value.as_str()).collect();
            if values.is_empty() {
                continue;
            }
            let select = self
                .select::<Entity>()
                .filter(Column::Kind.eq(kind.as_str()))
                .filter(Column::Value.is_in(values))
                .filter(Column::Standing.ne("moved"));
            let rows = self.all(select).await?;
            held.extend(rows.into_iter().map(|row| Held {
                kind,
                value: row.value,
                patient: PatientId::from_uuid(row.patient_id),
            }));
        }
        Ok(held)
    }

    async fn contacts_held(&self, keys: &[String]) -> Result<Vec<(String, PatientId)>, StoreError> {
        if keys.is_empty() {
            return Ok(Vec::new());
        }
        let mut values: Vec<Value> = vec![self.tenant().into()];
        values.extend(keys.iter().map(|key| Value::from(key.as_str())));
        let sql = format!(
            "SELECT h.match_key, h.patient_id FROM (SELECT c.match_key, c.patient_id, \
               row_number() OVER (PARTITION BY c.match_key ORDER BY c.patient_id) AS place FROM (SELECT DISTINCT \
                 d.match_key, d.patient_id FROM patient_contact d WHERE d.tenant_id = $1 AND d.match_key IN ({})) c) h \
             WHERE h.place <= {MOST_SHARING}",
            places(2, values.len())
        );
        let rows = self.rows(&sql, values).await?;
        let read = |row: &sea_orm::QueryResult| {
            Ok((row.try_get::<String>("", "match_key")?, PatientId::from_uuid(row.try_get("", "patient_id")?)))
        };
        rows.iter().map(read).collect::<Result<_, sea_orm::DbErr>>().map_err(store)
    }

    async fn patients_by_ids(&self, ids: &[PatientId]) -> Result<Vec<Patient>, StoreError> {
        let ids = ids.iter().map(|id| id.uuid());
        self.records(self.select::<patient::Entity>().filter(patient::Column::Id.is_in(ids))).await
    }

    async fn patients_add(&self, patients: &[Patient]) -> Result<(), StoreError> {
        for some in patients.chunks(AT_ONCE) {
            let rows = some.iter().map(|one| patient::Model::of(one, self.tenant()));
            self.insert_all(rows.collect::<Result<Vec<_>, _>>()?).await?;
            let some: Vec<&Patient> = some.iter().collect();
            self.add_parts(&some).await?;
            self.add_match_keys(&some).await?;
        }
        Ok(())
    }

    async fn patients_untouched(&self, patients: &[(PatientId, i64)]) -> Result<Vec<PatientId>, StoreError> {
        if patients.is_empty() {
            return Ok(Vec::new());
        }
        let mut values: Vec<Value> = vec![self.tenant().into()];
        values.extend(patients.iter().map(|(id, _)| Value::from(id.uuid())));
        let used = USES.iter().map(|(table, column)| {
            format!("AND NOT EXISTS (SELECT 1 FROM {table} u WHERE u.tenant_id = p.tenant_id AND u.{column} = p.id)")
        });
        let lock = if self.is_postgres() { " FOR UPDATE OF p" } else { "" };
        let sql = format!(
            "SELECT p.id, p.version FROM patient p WHERE p.tenant_id = $1 AND p.id IN ({}) {}{lock}",
            places(2, values.len()),
            used.collect::<Vec<_>>().join(" ")
        );
        let found = self.rows(&sql, values).await?;
        let read =
            |row: &sea_orm::QueryResult| Ok((row.try_get::<Uuid>("", "id")?, row.try_get::<i64>("", "version")?));
        let found: Vec<(Uuid, i64)> = found.iter().map(read).collect::<Result<_, sea_orm::DbErr>>().map_err(store)?;
        let same = |(id, version): &&(PatientId, i64)| found.contains(&(id.uuid(), *version));
        Ok(patients.iter().filter(same).map(|(id, _)| *id).collect())
    }

    async fn patients_remove(&self, ids: &[PatientId]) -> Result<(), StoreError> {
        if ids.is_empty() {
            return Ok(());
        }
        let mut values: Vec<Value> = vec![self.tenant().into()];
        values.extend(ids.iter().map(|id| Value::from(id.uuid())));
        let places = places(2, values.len());
        for (table, column) in DESCRIPTIONS.iter().chain(&[("patient", "id")]) {
            let sql = format!("DELETE FROM {table} WHERE tenant_id = $1 AND {column} IN ({places})");
            self.run(&sql, values.clone()).await?;
        }
        Ok(())
    }
}
