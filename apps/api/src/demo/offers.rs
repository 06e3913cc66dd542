//! Services, practitioners and their hours.

use std::collections::{BTreeMap, BTreeSet};

use identity::model::membership::Membership;
use kernel::ids::{PractitionerId, ServiceId};
use kernel::{Money, Patch, unheard};
use scheduling::model::patch::PractitionerPatch;
use scheduling::model::practitioner::{PractitionerProfile, Registration};
use scheduling::model::service::{Modality, ServiceAsk, ServiceTerms};
use scheduling::model::weekly::{DayWindow, MinuteOfDay, WeeklySchedule, WeeklyWindow};
use scheduling::model::words::{Label, PersonName};
use scheduling::usecase::{
    ChangePractitioner, SetAvailability, add_practitioner, add_service, change_practitioner, set_availability,
};

use super::company::Company;
use super::error::{At, DemoError};
use super::staff::{Hours, OFFERS, Offer, PRACTICES, Practice};
use super::stage::{Stage, permit};

/// Ids by the names that the demo's lists use.
pub(super) struct Opened {
    pub(super) services: BTreeMap<&'static str, ServiceId>,
    /// In the order of [`PRACTICES`].
    pub(super) practitioners: Vec<PractitionerId>,
}

impl Opened {
    /// The practitioners who are members, by role.
    pub(super) fn by_role(&self) -> BTreeMap<&'static str, PractitionerId> {
        PRACTICES.iter().zip(&self.practitioners).filter_map(|(practice, id)| Some((practice.role?, *id))).collect()
    }
}

/// Opens the agendas of all practitioners.
pub(super) async fn open(stage: &Stage, company: &Company) -> Result<Opened, DemoError> {
    let mut services = BTreeMap::new();
    for offer in OFFERS {
        let added = add_service(&stage.scheduling, &permit(company.tenant), terms(offer)?, unheard).await;
        services.insert(offer.name, added.at("add a service")?.value().id());
    }
    let mut practitioners = Vec::with_capacity(PRACTICES.len());
    for practice in PRACTICES {
        let profile = profile(practice, company, &services)?;
        let added = add_practitioner(&stage.scheduling, &permit(company.tenant), profile, unheard).await;
        let id = added.at("add a practitioner")?.value().id();
        let ask = SetAvailability { practitioner_id: id, seen_version: None, schedule: schedule(practice, company)? };
        let set = set_availability(&stage.scheduling, &permit(company.tenant), ask, unheard).await;
        drop(set.at("set hours")?);
        practitioners.push(id);
    }
    Ok(Opened { services, practitioners })
}

/// Notes on each practitioner who is a member which one.
pub(super) async fn name_members(
    stage: &Stage,
    company: &Company,
    opened: &Opened,
    members: &BTreeMap<&'static str, Membership>,
) -> Result<(), DemoError> {
    for (role, practitioner_id) in opened.by_role() {
        let Some(member) = members.get(role) else { continue };
        let patch = PractitionerPatch { membership_id: Patch::Set(member.id), ..PractitionerPatch::default() };
        let ask = ChangePractitioner { practitioner_id, seen_version: None, patch };
        let changed = change_practitioner(&stage.scheduling, &permit(company.tenant), ask, unheard).await;
        drop(changed.at("name a practitioner's membership")?);
    }
    Ok(())
}

fn terms(offer: &Offer) -> Result<ServiceTerms, DemoError> {
    let ask = ServiceAsk {
        name: offer.name.to_owned(),
        duration_minutes: offer.minutes,
        price: Some(Money::new(offer.cents, offer.currency)),
        buffer_after_minutes: Some(offer.buffer_after),
        modality: Some(Modality::parse(offer.modality).at("find a modality")?),
        capacity: Some(offer.capacity),
        ..ServiceAsk::default()
    };
    ServiceTerms::parse(ask).at("read the terms of a service")
}

fn profile(
    practice: &Practice,
    company: &Company,
    services: &BTreeMap<&'static str, ServiceId>,
) -> Result<PractitionerProfile, DemoError> {
    let offered: BTreeSet<_> = practice.offers.iter().filter_map(|name| services.get(name).copied()).collect();
    let registration =
        practice.registration.map(|[council, number, region]| Registration::parse(council, number, region));
    Ok(PractitionerProfile {
        name: PersonName::parse(practice.name).at("name a practitioner")?,
        profession: Label::parse(practice.profession).at("read a profession")?,
        registrations: registration.transpose().at("read a registration")?.into_iter().collect(),
        service_ids: Some(offered),
        clinic_ids: Some(BTreeSet::from([company.clinic(practice.town)])),
        membership_id: None,
        active: true,
    })
}

fn schedule(practice: &Practice, company: &Company) -> Result<WeeklySchedule, DemoError> {
    let windows = weekly(practice.hours)?;
    WeeklySchedule::try_new(company.clinic(practice.town), windows, None, None).at("read a schedule")
}

fn weekly(hours: Hours) -> Result<Vec<WeeklyWindow>, DemoError> {
    let window = |(from, to): &(u32, u32)| {
        let (from, to) = (MinuteOfDay::try_new(*from).at("read hours")?, MinuteOfDay::try_new(*to).at("read hours")?);
        DayWindow::try_new(from, to).at("read hours")
    };
    let windows = hours.windows().iter().map(window).collect::<Result<Vec<_>, _>>()?;
    let on = |weekday: &chrono::Weekday| {
        let weekday = *weekday;
        windows.iter().map(move |window| WeeklyWindow { weekday, window: *window }).collect::<Vec<_>>()
    };
    Ok(hours.days().iter().flat_map(on).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_service_has_acceptable_terms_and_every_week_hours() {
        assert!(OFFERS.iter().all(|offer| terms(offer).is_ok()));
        assert!(PRACTICES.iter().all(|practice| !weekly(practice.hours).unwrap().is_empty()));
    }
}
