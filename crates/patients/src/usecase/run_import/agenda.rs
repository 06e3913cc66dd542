//! A batch of rows that are appointments each.

use std::collections::HashMap;

use kernel::ids::{AppointmentId, ClinicId, PatientId, PractitionerId, ServiceId};
use kernel::text::normalize;
use uuid::Uuid;

use super::desk::{Desk, ReadRow, Settled};
use super::patients::Batch;
use super::{Run, RunImportError};
use crate::model::import::{
    AppointmentInput, Import, ImportKind, ImportRow, RowFault, RowOutcome, Written, read_appointment,
};
use crate::ports::imports::{AgendaOffer, ExternalReference, NewAppointment, ReferenceKey};
use crate::ports::tables::TableRow;

/// A row with what it asks for.
struct Asked<'a> {
    row: ReadRow<'a>,
    input: Result<AppointmentInput, RowFault>,
}

/// What became of a row, as far as it is known.
enum Fate {
    /// Its appointment is there already.
    Known(Uuid),
    /// It is not acceptable.
    Refused(RowFault),
    /// Its appointment is to be added, with whether its patient is new.
    Asks(Box<NewAppointment>, Option<PatientId>),
}

impl Run<'_> {
    pub(super) async fn appointments(&self, import: &Import, rows: &[TableRow]) -> Result<Import, RunImportError> {
        let asked: Vec<Asked<'_>> = rows.iter().map(|row| self.asked(import, row)).collect();
        let now = self.env.clock.now();
        let tx = self.env.db.begin(self.permit.scope()).await?;
        let namespace = import.options.namespace.as_str();
        let read: Vec<&ReadRow<'_>> = asked.iter().map(|asked| &asked.row).collect();
        let mut desk = Desk::load(&*tx, &read, import, &self.imagined).await?;
        let keys: Vec<ReferenceKey> = asked.iter().map(|asked| key(asked, namespace)).collect();
        let known = tx.references_known(&keys).await?;
        let mut known: HashMap<ReferenceKey, Uuid> = known.into_iter().map(|one| (one.key, one.record)).collect();
        let offer = tx.agenda_offer().await?;
        let mut fates = Vec::with_capacity(asked.len());
        for (asked, key) in asked.iter().zip(&keys) {
            let fate = match known.get(key) {
                Some(record) => Fate::Known(*record),
                None => self.fate(import, asked, &offer, &mut desk),
            };
            if let Fate::Asks(new, _) = &fate {
                known.insert(key.clone(), new.id.uuid());
            }
            fates.push(fate);
        }
        let clashing = tx.appointments_clashing(&new_ones(&fates), now).await?;
        refuse_clashing(&mut fates, &clashing, &mut desk);
        let report: Vec<ImportRow> =
            fates.iter().zip(&asked).map(|(fate, asked)| self.report(import, fate, asked)).collect();
        let after = import.advanced(&report, now);
        let journal = self.journal(import, &after, now);
        let (appointments, references) = (new_ones(&fates), references(&fates, &asked, &keys, import));
        self.close(tx, &desk, Batch { after, report, references, appointments, journal, now }).await
    }

    fn asked<'a>(&self, import: &Import, row: &'a TableRow) -> Asked<'a> {
        let input = read_appointment(&row.cells, &self.plan, Self::usual_time(import));
        Asked { row: ReadRow::of(row, &self.plan, import), input }
    }

    fn fate(&self, import: &Import, asked: &Asked<'_>, offer: &AgendaOffer, desk: &mut Desk) -> Fate {
        let placed = match &asked.input {
            Ok(input) => self.placed(import, input, offer).map(|place| (input, place)),
            Err(fault) => Err(fault.clone()),
        };
        let (input, (practitioner_id, service_id, clinic_id)) = match placed {
            Ok(placed) => placed,
            Err(fault) => return Fate::Refused(fault),
        };
        let met = match desk.meet(&asked.row, &*self.env.ids, self.env.clock.now()) {
            Ok(met) => met,
            Err(fault) => return Fate::Refused(fault),
        };
        let made = matches!(met, Settled::Made(_)).then(|| met.patient());
        let new = NewAppointment {
            id: self.env.ids.next::<AppointmentId>(),
            patient_id: met.patient(),
            practitioner_id,
            service_id,
            clinic_id,
            start: input.start,
            minutes: input.minutes,
            status: input.status,
            notes: input.notes.clone(),
        };
        Fate::Asks(Box::new(new), made)
    }

    /// With whom, what for and where: as the row says, else as the sender does, else the only one there is.
    fn placed(
        &self,
        import: &Import,
        input: &AppointmentInput,
        offer: &AgendaOffer,
    ) -> Result<(PractitionerId, ServiceId, ClinicId), RowFault> {
        let options = &import.options;
        let practitioners: Vec<(PractitionerId, &str)> =
            offer.practitioners.iter().map(|(id, name)| (*id, name.as_str())).collect();
        let services: Vec<(ServiceId, &str)> =
            offer.services.iter().map(|(id, name, _)| (*id, name.as_str())).collect();
        let clinics: Vec<(ClinicId, &str)> = offer.clinics.iter().map(|(id, name, _)| (*id, name.as_str())).collect();
        let title =
            |word: &str| self.columns().iter().find(|column| column.field.is(word)).map(|column| column.title.clone());
        let fault = |word, code| RowFault { column: title(word), code };
        let practitioner = one_of(&practitioners, input.practitioner.as_deref(), options.practitioner_id);
        let service = one_of(&services, input.service.as_deref(), options.service_id);
        let clinic = one_of(&clinics, input.clinic.as_deref(), options.clinic_id);
        Ok((
            practitioner.ok_or_else(|| fault("practitioner", "unknown_practitioner"))?,
            service.ok_or_else(|| fault("service", "unknown_service"))?,
            clinic.ok_or_else(|| fault("clinic", "unknown_clinic"))?,
        ))
    }

    fn report(&self, import: &Import, fate: &Fate, asked: &Asked<'_>) -> ImportRow {
        let row = asked.row.row;
        match fate {
            Fate::Refused(fault) => self.refused(import, row, Some(fault.clone())),
            Fate::Known(record) => {
                let written = Written { record: *record, version: 0, patient: None };
                self.told(import, row, RowOutcome::Skipped, Some("unchanged"), Some(written))
            }
            Fate::Asks(new, made) => {
                let written = Written { record: new.id.uuid(), version: 1, patient: made.map(PatientId::uuid) };
                self.told(import, row, RowOutcome::Created, None, Some(written))
            }
        }
    }
}

/// By what the file knows an appointment.
fn key(asked: &Asked<'_>, namespace: &str) -> ReferenceKey {
    let external = asked.input.as_ref().ok().and_then(|input| input.external_id.clone());
    let (namespace, value) = match external {
        Some(id) => (namespace.to_owned(), id),
        None => ("row".to_owned(), asked.row.fingerprint.clone()),
    };
    ReferenceKey { kind: ImportKind::Appointments, namespace, value }
}

fn new_ones(fates: &[Fate]) -> Vec<NewAppointment> {
    let new = |fate: &Fate| match fate {
        Fate::Asks(new, _) => Some((**new).clone()),
        Fate::Known(_) | Fate::Refused(_) => None,
    };
    fates.iter().filter_map(new).collect()
}

/// Refuses what overlaps, and takes back patients who were made for nothing else.
fn refuse_clashing(fates: &mut [Fate], clashing: &[bool], desk: &mut Desk) {
    let mut clashing = clashing.iter();
    let mut orphans = Vec::new();
    for fate in fates.iter_mut() {
        if let Fate::Asks(_, made) = fate
            && clashing.next() == Some(&true)
        {
            orphans.extend(*made);
            *fate = Fate::Refused(RowFault { column: None, code: "overlap" });
        }
    }
    for orphan in orphans {
        let heir = fates.iter_mut().find_map(|fate| match fate {
            Fate::Asks(new, made) if new.patient_id == orphan => Some(made),
            _ => None,
        });
        match heir {
            Some(made) => *made = Some(orphan),
            None => desk.unmake(orphan),
        }
    }
}

/// The one that a row names by name or id; else the usual one; else the only one.
fn one_of<I: Copy + PartialEq + kernel::Id>(offered: &[(I, &str)], named: Option<&str>, usual: Option<I>) -> Option<I> {
    match (named, usual) {
        (Some(named), _) => {
            let plain = normalize(named);
            let id = Uuid::parse_str(named.trim()).ok();
            let mut found = offered.iter().filter(|(one, name)| *name == plain || id == Some(one.uuid()));
            found.next().map(|(one, _)| *one)
        }
        (None, Some(usual)) => offered.iter().find(|(one, _)| *one == usual).map(|(one, _)| *one),
        (None, None) => match offered {
            [(only, _)] => Some(*only),
            _ => None,
        },
    }
}

fn references(fates: &[Fate], asked: &[Asked<'_>], keys: &[ReferenceKey], import: &Import) -> Vec<ExternalReference> {
    let of = |((fate, asked), key): ((&Fate, &Asked<'_>), &ReferenceKey)| match fate {
        Fate::Asks(new, _) => Some(ExternalReference {
            key: key.clone(),
            fingerprint: asked.row.fingerprint.clone(),
            record: new.id.uuid(),
            file: import.sha256,
        }),
        Fate::Known(_) | Fate::Refused(_) => None,
    };
    fates.iter().zip(asked).zip(keys).filter_map(of).collect()
}
