//! A batch of rows that are patients each.

use std::sync::PoisonError;

use chrono::{DateTime, Utc};
use events::patients::{PatientRegistered, PatientUpdated};
use kernel::ids::ImportRowId;
use kernel::{Change, Journal, StoreError};
use uuid::Uuid;

use super::desk::{Desk, ReadRow, Settled};
use super::{Run, RunImportError, end};
use crate::model::import::{Import, ImportRow, OriginalCells, RowFault, RowOutcome, Written};
use crate::ports::imports::{ExternalReference, ImportsTx, NewAppointment};
use crate::ports::tables::TableRow;

impl Run<'_> {
    pub(super) async fn patients(&self, import: &Import, rows: &[TableRow]) -> Result<Import, RunImportError> {
        let read: Vec<ReadRow<'_>> = rows.iter().map(|row| ReadRow::of(row, &self.plan, import)).collect();
        let now = self.env.clock.now();
        let tx = self.env.db.begin(self.permit.scope()).await?;
        let mut desk = Desk::load(&*tx, &read.iter().collect::<Vec<_>>(), import, &self.imagined).await?;
        let settled: Vec<_> = read.iter().map(|row| (row, desk.settle(row, &*self.env.ids, now))).collect();
        let report: Vec<ImportRow> =
            settled.into_iter().map(|(row, settled)| self.reported(import, row, settled, &desk)).collect();
        let after = import.advanced(&report, now);
        let journal = self.journal(import, &after, now);
        self.close(tx, &desk, Batch { after, report, references: Vec::new(), appointments: Vec::new(), journal, now })
            .await
    }

    /// The journal of a batch, so far with how far the import has come.
    pub(super) fn journal(&self, before: &Import, after: &Import, now: DateTime<Utc>) -> Journal {
        let change = Change::updated(after.id, after.version, &before.facts(), &after.facts());
        self.permit.journal(after.id, now).changed(change)
    }

    /// Writes the records of a batch, its report and how far the import has come; a dry run writes no record.
    pub(super) async fn close(
        &self,
        tx: Box<dyn ImportsTx>,
        desk: &Desk,
        batch: Batch,
    ) -> Result<Import, RunImportError> {
        let Batch { after, report, references, appointments, mut journal, now } = batch;
        if !tx.import_save(&after).await? {
            return Err(RunImportError::Overtaken);
        }
        if !after.dry_run {
            journal = records(&*tx, desk, journal).await?;
            let facts = tx.appointments_import(&appointments, now).await?;
            for (appointment, facts) in appointments.iter().zip(facts) {
                journal = journal.changed(Change::created(appointment.id, 1, facts));
            }
            let references: Vec<ExternalReference> = desk.learnt().into_iter().chain(references).collect();
            tx.references_save(&references).await?;
        }
        tx.import_rows_add(&report).await?;
        let after = end(tx, journal, after).await?;
        if after.dry_run {
            desk.remember(&mut self.imagined.lock().unwrap_or_else(PoisonError::into_inner));
        }
        Ok(after)
    }

    /// What is told of a row.
    fn reported(
        &self,
        import: &Import,
        row: &ReadRow<'_>,
        settled: Result<Settled, RowFault>,
        desk: &Desk,
    ) -> ImportRow {
        let (outcome, code) = match &settled {
            Ok(Settled::Made(_)) => (RowOutcome::Created, None),
            Ok(Settled::Changed(_)) => (RowOutcome::Updated, None),
            Ok(Settled::Same(_)) => (RowOutcome::Skipped, Some("unchanged")),
            Err(_) => return self.refused(import, row.row, settled.err()),
        };
        let written = settled.ok().map(|settled| Written {
            record: settled.patient().uuid(),
            version: desk.version(settled.patient()),
            patient: None,
        });
        self.told(import, row.row, outcome, code, written)
    }

    /// What is told of a row that is not acceptable.
    pub(super) fn refused(&self, import: &Import, row: &TableRow, fault: Option<RowFault>) -> ImportRow {
        let (code, column) = fault.map_or(("invalid", None), |fault| (fault.code, fault.column));
        let cells = row.cells.iter().map(|cell| cell.shown().into_owned()).collect();
        ImportRow {
            column,
            cells: Some(OriginalCells(cells)),
            ..self.told(import, row, RowOutcome::Failed, Some(code), None)
        }
    }

    /// What is told of any row.
    pub(super) fn told(
        &self,
        import: &Import,
        row: &TableRow,
        outcome: RowOutcome,
        code: Option<&str>,
        written: Option<Written>,
    ) -> ImportRow {
        ImportRow {
            id: self.env.ids.next::<ImportRowId>(),
            import_id: import.id,
            line: i64::try_from(row.line).unwrap_or(i64::MAX),
            outcome,
            code: code.map(str::to_owned),
            column: None,
            cells: None,
            written: written.filter(|_| !import.dry_run).filter(|written| written.record != Uuid::nil()),
        }
    }
}

/// What a batch writes beside its patients.
pub(super) struct Batch {
    pub(super) after: Import,
    pub(super) report: Vec<ImportRow>,
    pub(super) references: Vec<ExternalReference>,
    pub(super) appointments: Vec<NewAppointment>,
    pub(super) journal: Journal,
    pub(super) now: DateTime<Utc>,
}

/// Adds and saves the patients of a batch, and tells the journal of each.
async fn records(tx: &dyn ImportsTx, desk: &Desk, mut journal: Journal) -> Result<Journal, StoreError> {
    let made = desk.made();
    tx.patients_add(&made).await?;
    for patient in &made {
        journal = journal
            .changed(Change::created(patient.id, patient.version, patient.facts()))
            .with(&PatientRegistered { patient_id: patient.id, stage: patient.details.stage.as_str() });
    }
    for (before, after) in desk.changed() {
        if !tx.patient_save(after).await? {
            return Err(StoreError::Contended);
        }
        let change = Change::updated(after.id, after.version, &before.facts(), &after.facts());
        let fields = change.after.open_fields().keys().chain(change.after.personal_fields().keys()).cloned().collect();
        let event = PatientUpdated { patient_id: after.id, version: after.version, fields };
        journal = journal.changed(change).with(&event);
    }
    Ok(journal)
}
