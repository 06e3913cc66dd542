//! What is known when slots are decided, and the searches that it allows.

use chrono::{DateTime, NaiveDateTime, TimeDelta, Utc};
use kernel::ids::{ClinicId, PractitionerId};

use super::agenda::{Agenda, AgendaFacts, BusyEntry};
use super::availability::ClinicZone;
use super::interval::Interval;
use super::local_time::{LocalTimeError, Zone};
use super::practitioner::Practitioner;
use super::requested_start::RequestedStart;
use super::schedule::{ClinicHours, DateOverride, Leave};
use super::service::Service;
use super::slots::{Audience, SlotAsk, SlotSearch};
use super::weekly::WeeklySchedule;

/// The farthest that a wall clock is from UTC, either way.
const FARTHEST_OFFSET: TimeDelta = TimeDelta::hours(15);

/// All that a decision needs, as it was read at one instant.
#[derive(Clone, Debug, Default)]
pub struct Situation {
    /// The service, if it is there.
    pub service: Option<Service>,
    /// The clinics of the company.
    pub clinics: Vec<ClinicZone>,
    /// The practitioners that were asked about.
    pub practitioners: Vec<Bookable>,
    /// The patient that was asked about.
    pub patient: PatientStanding,
    /// Whether the beneficiary may be named, which a closed record may not; true where none was.
    pub beneficiary_known: bool,
}

/// One practitioner with their hours and what is taken.
#[derive(Clone, Debug)]
pub struct Bookable {
    /// Who it is.
    pub practitioner: Practitioner,
    /// Weekly windows in all clinics.
    pub schedules: Vec<WeeklySchedule>,
    /// Overrides of dates.
    pub overrides: Vec<DateOverride>,
    /// Leave.
    pub leaves: Vec<Leave>,
    /// What is taken.
    pub busy: Vec<BusyEntry>,
    /// The start of the last time taken before the first start that was asked about.
    pub last_start: Option<DateTime<Utc>>,
}

/// How the patient stands to the caller.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct PatientStanding {
    /// The company has such a patient.
    pub known: bool,
    /// The record is archived or merged: nothing is booked for it.
    pub closed: bool,
    /// The caller may read them.
    pub readable: bool,
    /// The patient's own appointments.
    pub busy: Vec<Interval>,
}

/// Why a wanted start names no instant.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StartRefused {
    /// The wall clock says so.
    Local(LocalTimeError),
    /// The practitioner works in clinics of several zones and the request names no clinic.
    ClinicWanted,
}

/// The agendas of a situation, sorted for questions.
#[derive(Clone, Debug)]
pub struct Agendas {
    service: Service,
    members: Vec<(Practitioner, Agenda)>,
    /// The start of each one's last time taken.
    last_starts: Vec<(PractitionerId, Option<DateTime<Utc>>)>,
}

impl Situation {
    /// The zone of a clinic of the company.
    pub fn zone(&self, clinic_id: ClinicId) -> Option<Zone> {
        self.clinics.iter().find(|one| one.clinic_id == clinic_id).map(|one| one.zone)
    }

    /// The instant that is wanted: of a wall time, in the clinic's zone (T7).
    pub fn start(&self, wanted: &RequestedStart, clinic_id: Option<ClinicId>) -> Result<DateTime<Utc>, StartRefused> {
        if let RequestedStart::Instant(instant) = wanted {
            return Ok(*instant);
        }
        let works_in = |clinic: ClinicId| self.practitioners.iter().any(|one| one.practitioner.works_in(clinic));
        let mut zones = self
            .clinics
            .iter()
            .filter(|one| clinic_id.map_or_else(|| works_in(one.clinic_id), |id| id == one.clinic_id))
            .map(|one| one.zone);
        let zone = zones.next().unwrap_or(Zone::UTC);
        if zones.any(|other| other != zone) {
            return Err(StartRefused::ClinicWanted);
        }
        wanted.resolve(zone).map_err(StartRefused::Local)
    }

    /// Sorts what is known for questions about starts in `range`; nothing without a service.
    pub fn into_agendas(self, range: &Interval, clinic_id: Option<ClinicId>) -> Option<Agendas> {
        let service = self.service?;
        let clinics: Vec<ClinicZone> =
            self.clinics.into_iter().filter(|one| clinic_id.is_none_or(|id| id == one.clinic_id)).collect();
        let last_starts = self.practitioners.iter().map(|one| (one.practitioner.id(), one.last_start)).collect();
        let patient = self.patient.busy;
        let members = self.practitioners.into_iter().map(|one| one.agenda(&clinics, &patient, range)).collect();
        Some(Agendas { service, members, last_starts })
    }
}

impl Bookable {
    fn agenda(self, clinics: &[ClinicZone], patient: &[Interval], range: &Interval) -> (Practitioner, Agenda) {
        let hours = |clinic: &ClinicZone| ClinicHours {
            clinic_id: clinic.clinic_id,
            zone: clinic.zone,
            schedules: self.schedules.iter().filter(|one| one.clinic_id() == clinic.clinic_id).cloned().collect(),
            overrides: self.overrides.iter().filter(|one| one.clinic_id == clinic.clinic_id).cloned().collect(),
            holidays: Vec::new(),
        };
        let here = clinics.iter().filter(|clinic| self.practitioner.works_in(clinic.clinic_id));
        let openings = here.map(|clinic| hours(clinic).expand(range)).collect();
        let agenda = Agenda::new(AgendaFacts {
            openings,
            leaves: self.leaves,
            busy: self.busy,
            resources: Vec::new(),
            patient: patient.to_vec(),
        });
        (self.practitioner, agenda)
    }
}

impl Agendas {
    /// What is to be booked.
    pub const fn service(&self) -> &Service {
        &self.service
    }

    /// The searches of all practitioners, as of `now`.
    pub fn searches(&self, now: DateTime<Utc>, audience: Audience) -> Vec<SlotSearch<'_>> {
        self.members.iter().map(|(practitioner, agenda)| self.search(practitioner, agenda, now, audience)).collect()
    }

    /// The practitioners with their agendas.
    pub fn members(&self) -> &[(Practitioner, Agenda)] {
        &self.members
    }

    /// The start of a practitioner's last time taken.
    pub fn last_start(&self, id: PractitionerId) -> Option<DateTime<Utc>> {
        self.last_starts.iter().find(|(one, _)| *one == id).and_then(|(_, last)| *last)
    }

    /// The search of one practitioner.
    pub fn search<'a>(
        &'a self,
        practitioner: &'a Practitioner,
        agenda: &'a Agenda,
        now: DateTime<Utc>,
        audience: Audience,
    ) -> SlotSearch<'a> {
        SlotSearch::new(SlotAsk { practitioner, service: &self.service, now, audience }, agenda)
    }
}

/// The earliest and latest instant that a wanted start can mean.
pub fn possible_starts(wanted: &RequestedStart) -> (DateTime<Utc>, DateTime<Utc>) {
    let near = |local: NaiveDateTime| {
        let utc = local.and_utc();
        let before = utc.checked_sub_signed(FARTHEST_OFFSET).unwrap_or(utc);
        (before, utc.checked_add_signed(FARTHEST_OFFSET).unwrap_or(utc))
    };
    match *wanted {
        RequestedStart::Instant(instant) => (instant, instant),
        RequestedStart::Local { local, .. } => near(local),
    }
}
