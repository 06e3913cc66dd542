use kernel::ids::MembershipId;
use uuid::Uuid;

use super::*;
use crate::model::samples::{blank, now};

fn details(name: &str) -> PatientDetails {
    PatientDetails { notes: Some(Notes::parse("prefers mornings").unwrap()), ..blank(name) }
}

fn patient() -> Patient {
    let id = PatientId::from_uuid(Uuid::from_u128(1));
    Patient::register(id, details("Ana Lima"), Reach::Company, now()).unwrap()
}

#[test]
fn a_lead_without_a_contact_is_refused() {
    let lead = PatientDetails { stage: Stage::Lead, ..details("Ana") };
    let refused = Patient::register(PatientId::from_uuid(Uuid::nil()), lead, Reach::Company, now());
    assert_eq!(refused, Err(PatientRefused::Stage(StageError::LeadWithoutContact)));
}

#[test]
fn only_company_reach_registers() {
    let linked = Reach::Linked(MembershipId::from_uuid(Uuid::nil()));
    let refused = Patient::register(PatientId::from_uuid(Uuid::nil()), details("Ana"), linked, now());
    assert_eq!(refused, Err(PatientRefused::OutOfReach));
}

#[test]
fn a_patient_changes_contacts_but_not_the_name() {
    let own = Reach::Own(patient().id);
    let patch = PatientPatch { name: Some(PersonName::parse("Eva").unwrap()), sex: Patch::Clear, ..Default::default() };
    assert_eq!(patient().change(patch, own, now()), Err(PatientRefused::FieldsOutOfReach(vec!["name", "sex"])));
    let patch = PatientPatch { preferences: Patch::Clear, ..Default::default() };
    assert_eq!(patient().change(patch, own, now()), Ok(Changed::Nothing));
}

#[test]
fn a_change_raises_the_version_and_repeating_it_does_nothing() {
    let patch = PatientPatch { name: Some(PersonName::parse("Eva Lima").unwrap()), ..Default::default() };
    let Changed::To(changed) = patient().change(patch.clone(), Reach::Company, now()).unwrap() else {
        panic!("nothing changed")
    };
    assert_eq!((changed.version, changed.details.name.as_str()), (2, "Eva Lima"));
    assert_eq!(changed.change(patch, Reach::Company, now()), Ok(Changed::Nothing));
}

#[test]
fn the_patient_does_not_see_what_the_staff_noted() {
    let own = Reach::Own(patient().id);
    assert!(patient().seen_from(own).details.notes.is_none());
    assert!(patient().seen_from(Reach::Company).details.notes.is_some());
}
