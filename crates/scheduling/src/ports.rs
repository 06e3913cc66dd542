//! What the agenda needs from outside: a store that opens scoped transactions.

use std::collections::BTreeSet;

use async_trait::async_trait;
use chrono::{DateTime, Utc};
use kernel::ids::{AppointmentId, ClinicId, MembershipId, PatientId, PractitionerId, ScheduleExceptionId, ServiceId};
use kernel::{Page, PageAsk, Reach, StoreError, TenantScope, Transaction};
use serde::{Deserialize, Serialize};

use crate::model::appointment::Appointment;
use crate::model::availability::{Availability, ScheduleException};
use crate::model::claim::Claimed;
use crate::model::history::HistoryEntry;
use crate::model::practitioner::Practitioner;
use crate::model::service::Service;
use crate::model::situation::Situation;
use crate::model::status::AppointmentStatus;
use crate::model::weekly::WeeklySchedule;

/// Two sessions may not overlap in one agenda (B1): the constraint's name on both databases.
pub const BUSY_NO_OVERLAP: &str = "busy_no_overlap";
/// A seat of a session is taken once (B1): the constraint's name on both databases.
pub const BUSY_SEAT_ONCE: &str = "busy_seat_once";

/// Opens units of work on agendas.
#[async_trait]
pub trait SchedulingDb: Send + Sync {
    /// A read-write transaction.
    async fn begin(&self, scope: &TenantScope) -> Result<Box<dyn SchedulingTx>, StoreError>;
    /// The same, with the locks of these agendas: every write of an agenda starts so (B1).
    async fn begin_on_agendas(
        &self,
        scope: &TenantScope,
        agendas: &[Claimed],
    ) -> Result<Box<dyn SchedulingTx>, StoreError>;
    /// Reads only.
    async fn view(&self, scope: &TenantScope) -> Result<Box<dyn SchedulingView>, StoreError>;
}

/// Reads of services.
#[async_trait]
pub trait ServiceReads: Send + Sync {
    /// The service, if it is there.
    async fn service_by_id(&self, id: ServiceId) -> Result<Option<Service>, StoreError>;
    /// A page of services by name.
    async fn service_list(&self, ask: &ServiceList) -> Result<Page<Service>, StoreError>;
    /// Which of these services are there.
    async fn services_known(&self, ids: &BTreeSet<ServiceId>) -> Result<BTreeSet<ServiceId>, StoreError>;
}

/// Writes of services.
#[async_trait]
pub trait ServiceWrites: Send + Sync {
    /// Adds a service.
    async fn service_add(&self, service: &Service, at: DateTime<Utc>) -> Result<(), StoreError>;
    /// Saves a changed service if the stored version is one less; false when it is not.
    async fn service_save(&self, service: &Service, at: DateTime<Utc>) -> Result<bool, StoreError>;
}

/// Reads of practitioners, and of what their profile may name.
#[async_trait]
pub trait PractitionerReads: Send + Sync {
    /// The practitioner, if they are there.
    async fn practitioner_by_id(&self, id: PractitionerId) -> Result<Option<Practitioner>, StoreError>;
    /// A page of practitioners by name.
    async fn practitioner_list(&self, ask: &PractitionerList) -> Result<Page<Practitioner>, StoreError>;
    /// Which of these clinics are there.
    async fn clinics_known(&self, ids: &BTreeSet<ClinicId>) -> Result<BTreeSet<ClinicId>, StoreError>;
    /// Whether this membership is there.
    async fn membership_known(&self, id: MembershipId) -> Result<bool, StoreError>;
}

/// Writes of practitioners.
#[async_trait]
pub trait PractitionerWrites: Send + Sync {
    /// Adds a practitioner.
    async fn practitioner_add(&self, practitioner: &Practitioner, at: DateTime<Utc>) -> Result<(), StoreError>;
    /// Saves a changed practitioner if the stored version is one less; false when it is not.
    async fn practitioner_save(&self, practitioner: &Practitioner, at: DateTime<Utc>) -> Result<bool, StoreError>;
}

/// Reads of opening hours.
#[async_trait]
pub trait AvailabilityReads: Send + Sync {
    /// When a practitioner is there; nothing where there is no such practitioner.
    async fn availability_of(&self, id: PractitionerId) -> Result<Option<Availability>, StoreError>;
}

/// Writes of opening hours; the caller has the lock of the practitioner's agenda.
#[async_trait]
pub trait AvailabilityWrites: Send + Sync {
    /// Replaces the weekly windows of one clinic; `id` names the new ones.
    async fn schedule_replace(
        &self,
        practitioner: PractitionerId,
        id: kernel::ids::ScheduleId,
        schedule: &WeeklySchedule,
    ) -> Result<(), StoreError>;
    /// Adds an override or a leave.
    async fn exception_add(&self, practitioner: PractitionerId, one: &ScheduleException) -> Result<(), StoreError>;
    /// Removes an override or a leave.
    async fn exception_remove(&self, practitioner: PractitionerId, id: ScheduleExceptionId) -> Result<(), StoreError>;
    /// Makes the availability's version one more than `seen`; false where it is not `seen`.
    async fn availability_bump(&self, practitioner: PractitionerId, seen: i64) -> Result<bool, StoreError>;
}

/// Reads of appointments, within the caller's reach.
#[async_trait]
pub trait AppointmentReads: Send + Sync {
    /// The appointment, if it is there and within reach.
    async fn appointment_by_id(&self, id: AppointmentId) -> Result<Option<Appointment>, StoreError>;
    /// A page of appointments within reach.
    async fn appointment_list(&self, ask: &AppointmentList) -> Result<Page<Appointment>, StoreError>;
    /// What happened to an appointment, oldest first; nothing where it is not there or out of reach.
    async fn appointment_history(&self, id: AppointmentId) -> Result<Option<Vec<HistoryEntry>>, StoreError>;
}

/// Writes of appointments; the caller has the locks of all their agendas.
#[async_trait]
pub trait AppointmentWrites: Send + Sync {
    /// Adds an appointment with its busy rows; [`BUSY_NO_OVERLAP`] and [`BUSY_SEAT_ONCE`] refuse a place that is taken.
    async fn appointment_add(&self, appointment: &Appointment, firmness: Firmness) -> Result<(), StoreError>;
    /// Saves a changed appointment, and frees its time where its status does not hold it, if the stored version is one
    /// less; false when it is not.
    async fn appointment_save(&self, appointment: &Appointment) -> Result<bool, StoreError>;
}

/// What a decision about slots needs, read at once.
#[async_trait]
pub trait SituationReads: Send + Sync {
    /// One query to the database, whatever the number of practitioners and days (A10).
    async fn situation(&self, ask: &SituationAsk) -> Result<Situation, StoreError>;
}

/// A read of agendas.
pub trait SchedulingView:
    ServiceReads + PractitionerReads + AvailabilityReads + AppointmentReads + SituationReads
{
}
impl<T: ServiceReads + PractitionerReads + AvailabilityReads + AppointmentReads + SituationReads> SchedulingView for T {}

/// A read-write transaction on agendas.
pub trait SchedulingTx:
    SchedulingView + ServiceWrites + PractitionerWrites + AvailabilityWrites + AppointmentWrites + Transaction
{
}
impl<T> SchedulingTx for T where
    T: SchedulingView + ServiceWrites + PractitionerWrites + AvailabilityWrites + AppointmentWrites + Transaction
{
}

/// Whether the database guards a place.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Firmness {
    /// It refuses whatever overlaps (B1).
    Exclusive,
    /// Staff overbooked: the place shows as busy and excludes nothing (B1, B13).
    Overbooked,
}

/// Whose agendas are looked at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Who {
    /// This practitioner's, whatever they offer.
    One(PractitionerId),
    /// Those of all active practitioners who give the service.
    Pool,
}

/// How much has to be known of what is taken.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Detail {
    /// When; a refusal then cannot tell busy from buffer. Enough for a list of what is free.
    Times,
    /// And what it is, with and without buffers.
    Bookings,
}

/// What has to be known for a decision about slots.
#[derive(Clone, Copy, Debug)]
pub struct SituationAsk {
    /// What is to be booked.
    pub service_id: ServiceId,
    /// With whom.
    pub who: Who,
    /// Whose own appointments stand in the way.
    pub patient_id: Option<PatientId>,
    /// For whom it is, where that is someone else.
    pub beneficiary_id: Option<PatientId>,
    /// How far the caller reaches with patients.
    pub patient_reach: Reach,
    /// The earliest start that is asked about.
    pub from: DateTime<Utc>,
    /// The latest start that is asked about.
    pub to: DateTime<Utc>,
    /// How much of what is taken; a group's sessions are always told.
    pub detail: Detail,
}

/// The place of a row in a list by name.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct NameKey<I> {
    /// The name as it is sorted.
    pub name: String,
    /// The row.
    pub id: I,
}

/// What services to list.
#[derive(Clone, Debug)]
pub struct ServiceList {
    /// Only those that can be booked, or cannot.
    pub active: Option<bool>,
    /// The page.
    pub page: PageAsk<NameKey<ServiceId>>,
}

/// What practitioners to list.
#[derive(Clone, Debug)]
pub struct PractitionerList {
    /// Only those that can be booked, or cannot.
    pub active: Option<bool>,
    /// Only those who give this service.
    pub service_id: Option<ServiceId>,
    /// Only those who work in this clinic.
    pub clinic_id: Option<ClinicId>,
    /// The page.
    pub page: PageAsk<NameKey<PractitionerId>>,
}

/// The order of a list of appointments; each is made total by the id.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Default)]
pub enum AppointmentSort {
    /// By start.
    #[default]
    Start,
    /// By start, last first.
    StartDescending,
}

/// The place of an appointment in a list.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppointmentKey {
    /// Its start.
    pub at: DateTime<Utc>,
    /// The appointment.
    pub id: AppointmentId,
}

/// What appointments to list; an absent filter lets all through.
#[derive(Clone, Debug)]
pub struct AppointmentList {
    /// Ends after this instant.
    pub from: Option<DateTime<Utc>>,
    /// Starts before this instant.
    pub to: Option<DateTime<Utc>>,
    /// With this practitioner.
    pub practitioner_id: Option<PractitionerId>,
    /// Of this patient.
    pub patient_id: Option<PatientId>,
    /// In this clinic.
    pub clinic_id: Option<ClinicId>,
    /// In one of these states; none lets all through.
    pub statuses: Vec<AppointmentStatus>,
    /// The order.
    pub sort: AppointmentSort,
    /// The page.
    pub page: PageAsk<AppointmentKey>,
}
