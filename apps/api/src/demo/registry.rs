//! The patients of the demo company, registered.

use chrono::NaiveDate;
use kernel::ids::{MembershipId, PatientId};
use kernel::unheard;
use patients::model::{
    Address, AddressParts, BirthDate, Contact, ContactKind, ContactList, Country, CustomFields, HealthPlan,
    HealthPlanParts, Identifier, IdentifierKind, Language, LinkKind, PatientDetails, PersonName, Preferences, Sex,
    Stage as Standing, Tag,
};
use patients::usecase::{Duplicates, LinkPatient, RegisterPatient, link_patient, register_patient};

use super::company::Company;
use super::error::{At, DemoError};
use super::people::{Home, Person, Town};
use super::stage::{Stage, permit};

/// Registers everybody; the ids in the order of the people.
pub(super) async fn register(
    stage: &Stage,
    company: &Company,
    people: &[Person],
    today: NaiveDate,
) -> Result<Vec<PatientId>, DemoError> {
    let permit = permit(company.tenant);
    let mut ids = Vec::with_capacity(people.len());
    for person in people {
        let ask = RegisterPatient { details: details(person, today)?, duplicates: Duplicates::Allowed };
        let patient = register_patient(&stage.patients, &permit, ask, unheard).await.at("register a patient")?;
        ids.push(patient.value().id);
    }
    Ok(ids)
}

/// Lets the caregiver look after the first patient, who also signs in, and two more.
pub(super) async fn link(
    stage: &Stage,
    company: &Company,
    membership: MembershipId,
    patients: &[PatientId],
) -> Result<(), DemoError> {
    for patient in patients.iter().take(3).copied() {
        let ask = LinkPatient { membership, patient, kind: LinkKind::Caregiver, valid_from: None, valid_to: None };
        drop(link_patient(&stage.patients, &permit(company.tenant), ask, unheard).await.at("link a patient")?);
    }
    Ok(())
}

fn details(person: &Person, today: NaiveDate) -> Result<PatientDetails, DemoError> {
    Ok(PatientDetails {
        name: PersonName::parse(&person.name).at("name a patient")?,
        social_name: None,
        birth_date: Some(BirthDate::try_new(person.born, today).at("read a birth date")?),
        sex: Some(if person.woman { Sex::Female } else { Sex::Male }),
        gender: None,
        mother_name: Some(PersonName::parse(&person.mother).at("name a mother")?),
        stage: Standing::Active,
        identifiers: identifiers(person)?,
        contacts: contacts(person)?,
        addresses: vec![address(&person.home)?],
        health_plans: plan(person).transpose()?.into_iter().collect(),
        tags: person.tag.map(Tag::parse).transpose().at("read a tag")?.into_iter().collect(),
        preferences: preferences(person)?,
        emergency_contacts: Vec::new(),
        notes: None,
        custom: CustomFields::default(),
    })
}

fn identifiers(person: &Person) -> Result<Vec<Identifier>, DemoError> {
    let read = |(kind, value): &(&'static str, String)| {
        let kind = IdentifierKind::parse(kind).at("find a kind of identifier")?;
        Identifier::parse(kind, value).at("read an identifier")
    };
    person.identifiers.iter().map(read).collect()
}

fn contacts(person: &Person) -> Result<ContactList, DemoError> {
    let country = Country::parse(person.home.country).at("find a country")?;
    let phone = Contact::parse(ContactKind::Phone, &person.phone, country).at("read a telephone number")?;
    let mut all = vec![phone.into_primary()];
    if let Some(email) = &person.email {
        all.push(Contact::parse(ContactKind::Email, email, country).at("read an address")?.into_primary());
    }
    ContactList::try_new(all).at("list contacts")
}

fn address(home: &Home) -> Result<Address, DemoError> {
    let parts = AddressParts {
        street: Some(home.street.to_owned()),
        number: Some(home.number.clone()),
        neighbourhood: home.neighbourhood.map(str::to_owned),
        city: Some(home.city.to_owned()),
        region: home.region.map(str::to_owned),
        postal_code: Some(home.postal_code.clone()),
        country: Some(home.country.to_owned()),
        ..AddressParts::default()
    };
    Address::parse(parts).at("read a postal address")
}

fn plan(person: &Person) -> Option<Result<HealthPlan, DemoError>> {
    let (operator, plan, card) = person.plan.as_ref()?;
    let parts = HealthPlanParts {
        operator: (*operator).to_owned(),
        plan: Some((*plan).to_owned()),
        card_number: Some(card.clone()),
        valid_until: None,
    };
    Some(HealthPlan::parse(parts).at("read a health plan"))
}

fn preferences(person: &Person) -> Result<Preferences, DemoError> {
    let language = match person.town {
        Town::SaoPaulo => "pt-BR",
        Town::Paris => "fr",
    };
    let language = Language::parse(language).at("read a language")?;
    Ok(Preferences { channel: None, hours: None, language: Some(language) })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::demo::people::people;

    #[test]
    fn pt1_pt2_every_person_makes_an_acceptable_record() {
        let today = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
        for person in people(300) {
            let details = details(&person, today).unwrap();
            assert!(!details.identifiers.is_empty() && details.health_plans.len() <= 1);
        }
    }
}
