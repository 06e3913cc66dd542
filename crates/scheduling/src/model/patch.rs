//! Changes of services and practitioners by merge patch; an emptied field takes its default.

use std::collections::BTreeSet;

use kernel::ids::{ClinicId, MembershipId, ServiceId};
use kernel::{Fault, Money, Patch};

use super::practitioner::{Practitioner, PractitionerProfile, Registration};
use super::service::{Modality, ResourceKind, Service, ServiceAsk, ServiceTerms};
use super::words::{Label, PersonName};

/// A change of a service; what is not mentioned stays.
#[derive(Clone, Debug, Default)]
pub struct ServicePatch {
    /// See [`ServiceAsk::name`].
    pub name: Option<String>,
    /// See [`ServiceAsk::duration_minutes`].
    pub duration_minutes: Option<i64>,
    /// See [`ServiceAsk::price`].
    pub price: Patch<Money>,
    /// See [`ServiceAsk::buffer_before_minutes`].
    pub buffer_before_minutes: Patch<i64>,
    /// See [`ServiceAsk::buffer_after_minutes`].
    pub buffer_after_minutes: Patch<i64>,
    /// See [`ServiceAsk::slot_interval_minutes`].
    pub slot_interval_minutes: Patch<i64>,
    /// See [`ServiceAsk::modality`].
    pub modality: Patch<Modality>,
    /// See [`ServiceAsk::capacity`].
    pub capacity: Patch<i64>,
    /// See [`ServiceAsk::minimum_notice_minutes`].
    pub minimum_notice_minutes: Patch<i64>,
    /// See [`ServiceAsk::horizon_days`].
    pub horizon_days: Patch<i64>,
    /// See [`ServiceAsk::requires_approval`].
    pub requires_approval: Patch<bool>,
    /// See [`ServiceAsk::cancellation_window_minutes`].
    pub cancellation_window_minutes: Patch<i64>,
    /// See [`ServiceAsk::required_resource_kinds`].
    pub required_resource_kinds: Patch<BTreeSet<ResourceKind>>,
    /// See [`ServiceAsk::required_professions`].
    pub required_professions: Patch<BTreeSet<Label>>,
    /// See [`ServiceAsk::active`].
    pub active: Patch<bool>,
}

/// A change of a practitioner; what is not mentioned stays.
#[derive(Clone, Debug, Default)]
pub struct PractitionerPatch {
    /// The name.
    pub name: Option<PersonName>,
    /// The profession.
    pub profession: Option<Label>,
    /// The registrations, all at once.
    pub registrations: Patch<Vec<Registration>>,
    /// The services given; emptied: all of the company's.
    pub service_ids: Patch<BTreeSet<ServiceId>>,
    /// The clinics worked in; emptied: all of the company's.
    pub clinic_ids: Patch<BTreeSet<ClinicId>>,
    /// The membership.
    pub membership_id: Patch<MembershipId>,
}

impl Service {
    /// The service after the change, one version on; itself where the change changes nothing.
    pub fn changed(&self, patch: ServicePatch) -> Result<Self, Vec<Fault>> {
        let terms = ServiceTerms::parse(patch.applied_to(self.terms().ask()))?;
        Ok(if terms == *self.terms() { self.clone() } else { Self::new(self.id(), terms, self.version() + 1) })
    }
}

impl ServiceTerms {
    /// The terms as they would be typed, without defaults.
    pub fn ask(&self) -> ServiceAsk {
        let number = |value: u32| Some(i64::from(value));
        ServiceAsk {
            name: self.name().as_str().to_owned(),
            duration_minutes: i64::from(self.duration().get()),
            price: self.price(),
            buffer_before_minutes: number(self.buffer_before().get()),
            buffer_after_minutes: number(self.buffer_after().get()),
            slot_interval_minutes: number(self.slot_interval().get()),
            modality: Some(self.modality()),
            capacity: number(self.capacity()),
            minimum_notice_minutes: number(self.minimum_notice().get()),
            horizon_days: number(self.horizon_days()),
            requires_approval: Some(self.requires_approval()),
            cancellation_window_minutes: number(self.cancellation_window().get()),
            required_resource_kinds: self.required_resource_kinds().clone(),
            required_professions: self.required_professions().clone(),
            active: Some(self.active()),
        }
    }
}

impl ServicePatch {
    fn applied_to(self, present: ServiceAsk) -> ServiceAsk {
        ServiceAsk {
            name: self.name.unwrap_or(present.name),
            duration_minutes: self.duration_minutes.unwrap_or(present.duration_minutes),
            price: self.price.applied_to(present.price),
            buffer_before_minutes: self.buffer_before_minutes.applied_to(present.buffer_before_minutes),
            buffer_after_minutes: self.buffer_after_minutes.applied_to(present.buffer_after_minutes),
            slot_interval_minutes: self.slot_interval_minutes.applied_to(present.slot_interval_minutes),
            modality: self.modality.applied_to(present.modality),
            capacity: self.capacity.applied_to(present.capacity),
            minimum_notice_minutes: self.minimum_notice_minutes.applied_to(present.minimum_notice_minutes),
            horizon_days: self.horizon_days.applied_to(present.horizon_days),
            requires_approval: self.requires_approval.applied_to(present.requires_approval),
            cancellation_window_minutes: self
                .cancellation_window_minutes
                .applied_to(present.cancellation_window_minutes),
            required_resource_kinds: self.required_resource_kinds.applied_or_default(present.required_resource_kinds),
            required_professions: self.required_professions.applied_or_default(present.required_professions),
            active: self.active.applied_to(present.active),
        }
    }
}

impl Practitioner {
    /// The practitioner after the change, one version on; the same where the change changes nothing.
    #[must_use]
    pub fn changed(&self, patch: PractitionerPatch) -> Self {
        let present = self.profile().clone();
        let profile = PractitionerProfile {
            name: patch.name.unwrap_or(present.name),
            profession: patch.profession.unwrap_or(present.profession),
            registrations: patch.registrations.applied_or_default(present.registrations),
            service_ids: patch.service_ids.applied_to(present.service_ids),
            clinic_ids: patch.clinic_ids.applied_to(present.clinic_ids),
            membership_id: patch.membership_id.applied_to(present.membership_id),
            active: present.active,
        };
        if profile == *self.profile() { self.clone() } else { Self::new(self.id(), profile, self.version() + 1) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::samples::{practitioner, service};

    #[test]
    fn c3_null_takes_the_default_and_silence_keeps() {
        let before = service(|ask| {
            ask.capacity = Some(4);
            ask.horizon_days = Some(10);
        });
        let patch = ServicePatch { capacity: Patch::Clear, ..ServicePatch::default() };
        let after = before.changed(patch).unwrap();
        assert_eq!((after.terms().capacity(), after.terms().horizon_days(), after.version()), (1, 10, 2));
    }

    #[test]
    fn c9_a_change_to_what_is_there_is_no_version() {
        let (what, who) = (service(|_| {}), practitioner(|_| {}));
        assert_eq!(what.changed(ServicePatch::default()), Ok(what));
        assert_eq!(who.changed(PractitionerPatch::default()), who);
        let patch = PractitionerPatch { service_ids: Patch::Set(BTreeSet::new()), ..PractitionerPatch::default() };
        assert_eq!(who.changed(patch).version(), 2);
    }

    #[test]
    fn a_change_out_of_bounds_is_told_like_a_new_service() {
        let patch = ServicePatch { duration_minutes: Some(0), ..ServicePatch::default() };
        assert_eq!(service(|_| {}).changed(patch), Err(vec![Fault::at("/duration_minutes", "out_of_range")]));
    }
}
