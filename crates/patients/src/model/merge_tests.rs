use uuid::Uuid;

use super::super::*;
use super::*;
use crate::model::samples::{blank, now};

fn patient(id: u128, edit: impl FnOnce(&mut PatientDetails)) -> Patient {
    let mut details = blank("Ana Lima");
    edit(&mut details);
    let id = PatientId::from_uuid(Uuid::from_u128(id));
    Patient::register(id, details, kernel::Reach::Company, now()).unwrap()
}

fn contact(kind: ContactKind, raw: &str) -> Contact {
    Contact::parse(kind, raw, Country::BRAZIL).unwrap()
}

fn merge(target: &Patient, source: &Patient) -> (Merge, Pair) {
    let after = Patient::unite(target, source, now()).unwrap();
    let snapshot = MergeSnapshot {
        source: source.clone(),
        target: target.clone(),
        united: after.target.clone(),
        references: Vec::new(),
    };
    let id = MergeId::from_uuid(Uuid::from_u128(9));
    let (merged_at, version) = (now(), 1);
    (Merge { id, snapshot, merged_at, merged_by: None, undone_at: None, undone_by: None, version }, after)
}

fn ana() -> Patient {
    patient(1, |d| {
        d.sex = Some(Sex::Unknown);
        d.identifiers = vec![Identifier::parse(IdentifierKind::Cpf, "15886489070").unwrap()];
        d.contacts = ContactList::try_new(vec![contact(ContactKind::Phone, "11 98765-4321")]).unwrap();
        d.tags = vec![Tag::parse("VIP").unwrap()];
        d.notes = Some(Notes::parse("Prefers mornings.").unwrap());
        d.custom = CustomFields::parse(serde_json::json!({ "a": 1, "b": null })).unwrap();
    })
}

fn duplicate() -> Patient {
    patient(2, |d| {
        d.social_name = Some(PersonName::parse("Aninha").unwrap());
        d.sex = Some(Sex::Female);
        d.identifiers = vec![
            Identifier::parse(IdentifierKind::Cpf, "09380826044").unwrap(),
            Identifier::parse(IdentifierKind::Passport, "FZ123456").unwrap(),
        ];
        d.contacts = ContactList::try_new(vec![
            contact(ContactKind::Phone, "+55 11 8765 4321"),
            contact(ContactKind::Phone, "11 3333-4444").into_primary(),
            contact(ContactKind::Email, "ana@example.com"),
        ])
        .unwrap();
        d.tags = vec![Tag::parse("vip").unwrap(), Tag::parse("debts").unwrap()];
        d.notes = Some(Notes::parse("Allergic to penicillin.").unwrap());
        d.custom = CustomFields::parse(serde_json::json!({ "a": 2, "b": 3, "c": 4 })).unwrap();
    })
}

#[test]
fn pt7_the_target_keeps_what_it_has_and_takes_what_it_lacks() {
    let united = Patient::unite(&ana(), &duplicate(), now()).unwrap().target;
    let d = &united.details;
    assert_eq!((united.version, united.merged_into, d.stage), (2, None, Stage::Active));
    assert_eq!(d.social_name, duplicate().details.social_name);
    assert_eq!(d.sex, Some(Sex::Female), "unknown is as good as blank");
    assert_eq!(d.notes.as_ref().unwrap().as_str(), "Prefers mornings.\n\nAllergic to penicillin.");
    assert_eq!(serde_json::to_value(&d.custom).unwrap(), serde_json::json!({ "a": 1, "b": 3, "c": 4 }));
    assert_eq!(d.tags.iter().map(Tag::as_str).collect::<Vec<_>>(), ["VIP", "debts"]);
}

#[test]
fn pt7_identifiers_are_kept_as_old_where_the_target_goes_by_another() {
    use IdentifierStanding::{Current, Moved, Old};
    let after = Patient::unite(&ana(), &duplicate(), now()).unwrap();
    let standings = |patient: &Patient| -> Vec<(IdentifierKind, IdentifierStanding)> {
        patient.details.identifiers.iter().map(|one| (one.kind(), one.standing())).collect()
    };
    let wanted = [(IdentifierKind::Cpf, Current), (IdentifierKind::Cpf, Old), (IdentifierKind::Passport, Current)];
    assert_eq!(standings(&after.target), wanted);
    assert_eq!(standings(&after.source), [(IdentifierKind::Cpf, Moved), (IdentifierKind::Passport, Moved)]);
    assert_eq!((after.source.merged_into, after.source.details.stage), (Some(ana().id), Stage::Merged));
}

#[test]
fn pt7_a_contact_that_both_have_is_united_and_one_of_a_kind_is_primary() {
    let united = Patient::unite(&ana(), &duplicate(), now()).unwrap().target;
    let contacts = united.details.contacts;
    let values: Vec<_> = contacts.as_slice().iter().map(|one| (one.value(), one.is_primary())).collect();
    assert_eq!(values, [("+5511987654321", true), ("+551133334444", false), ("ana@example.com", true)]);
}

#[test]
fn pt7_a_lead_becomes_what_its_duplicate_is() {
    let lead = patient(1, |d| {
        d.stage = Stage::Lead;
        d.contacts = ContactList::try_new(vec![contact(ContactKind::Email, "ana@example.com")]).unwrap();
    });
    assert_eq!(Patient::unite(&lead, &ana(), now()).unwrap_err(), MergeRefused::Itself);
    assert_eq!(Patient::unite(&lead, &duplicate(), now()).unwrap().target.details.stage, Stage::Active);
    let inactive = patient(3, |d| d.stage = Stage::Inactive);
    assert_eq!(Patient::unite(&inactive, &ana(), now()).unwrap().target.details.stage, Stage::Inactive);
}

#[test]
fn pt7_who_died_in_either_record_is_dead_in_both() {
    let dead = patient(3, |d| d.stage = Stage::Deceased);
    let stage =
        |target: &Patient, source: &Patient| Patient::unite(target, source, now()).unwrap().target.details.stage;
    assert_eq!((stage(&ana(), &dead), stage(&dead, &ana())), (Stage::Deceased, Stage::Deceased));
    let inactive = patient(4, |d| d.stage = Stage::Inactive);
    assert_eq!(merge(&dead, &inactive).0.overruled(), ["stage"]);
    assert_eq!(merge(&inactive, &dead).0.overruled(), [""; 0]);
}

#[test]
fn pt7_a_merge_tells_which_values_of_the_duplicate_gave_way() {
    assert_eq!(merge(&ana(), &duplicate()).0.overruled(), ["custom"], "unknown sex and blank values give way unheard");
    let other = patient(3, |d| {
        d.name = PersonName::parse("Ana L.").unwrap();
        d.social_name = Some(PersonName::parse("Nina").unwrap());
        d.sex = Some(Sex::Male);
    });
    assert_eq!(merge(&duplicate(), &other).0.overruled(), ["name", "social_name", "sex"]);
}

#[test]
fn pt7_what_a_merged_record_holds_does_not_stand_in_the_way() {
    let (merge, mut after) = merge(&ana(), &duplicate());
    after.source.details.tags.clear();
    assert_eq!(merge.undo(&after, now()).unwrap().source.details, duplicate().details);
    after.source.merged_into = None;
    let changed = Since::Changed(vec!["merged_into".to_owned()]);
    assert_eq!(merge.undo(&after, now()), Err(vec![Obstacle { patient: duplicate().id, since: changed }]));
}

#[test]
fn pt7_closed_records_and_the_record_itself_are_refused() {
    let archived = Patient { archived_at: Some(now()), ..ana() };
    let merged = Patient::unite(&patient(3, |_| {}), &ana(), now()).unwrap().source;
    let into = Closed::Merged(PatientId::from_uuid(Uuid::from_u128(3)));
    let refused = |target: &Patient, source: &Patient| Patient::unite(target, source, now()).unwrap_err();
    assert_eq!(refused(&archived, &duplicate()), MergeRefused::Target(Closed::Archived));
    assert_eq!(refused(&duplicate(), &archived), MergeRefused::Source(Closed::Archived));
    assert_eq!(refused(&merged, &duplicate()), MergeRefused::Target(into));
    assert_eq!(refused(&duplicate(), &merged), MergeRefused::Source(into));
    assert_eq!(refused(&ana(), &ana()), MergeRefused::Itself);
}

#[test]
fn pt7_what_no_record_could_hold_is_refused_with_the_fields() {
    let tagged = |id, letter: char| {
        patient(id, |d| {
            d.tags = (0..20).map(|n| Tag::parse(&format!("{letter}{n}")).unwrap()).collect();
            d.notes = Some(Notes::parse(&letter.to_string().repeat(6_000)).unwrap());
        })
    };
    let refused = Patient::unite(&tagged(1, 'a'), &tagged(2, 'b'), now()).unwrap_err();
    assert_eq!(refused, MergeRefused::TooMuch(vec!["tags", "notes"]));
}

#[test]
fn pt7_undoing_gives_both_records_back_what_they_held() {
    let (merge, after) = merge(&ana(), &duplicate());
    let back = merge.undo(&after, now()).unwrap();
    assert_eq!((&back.target.details, &back.source.details), (&ana().details, &duplicate().details));
    assert_eq!((back.target.version, back.source.version, back.source.merged_into), (3, 3, None));
}

#[test]
fn pt7_a_snapshot_survives_its_keeping() {
    let (merge, _) = merge(&ana(), &duplicate());
    let kept = serde_json::to_string(&merge.snapshot).unwrap();
    assert_eq!(serde_json::from_str::<MergeSnapshot>(&kept).unwrap(), merge.snapshot);
}

#[test]
fn pt7_what_changed_since_stands_in_the_way_of_undoing() {
    let (merge, after) = merge(&ana(), &duplicate());
    let mut edited = after.clone();
    edited.target.details.notes = None;
    edited.target.version += 1;
    let obstacle = |patient, since| vec![Obstacle { patient, since }];
    let changed = Since::Changed(vec!["notes".to_owned()]);
    assert_eq!(merge.undo(&edited, now()), Err(obstacle(ana().id, changed)));
    edited.target.details.notes = after.target.details.notes.clone();
    assert!(merge.undo(&edited, now()).is_ok(), "as it was right after the merge");
    edited.target.archived_at = Some(now());
    assert_eq!(merge.undo(&edited, now()), Err(obstacle(ana().id, Since::Closed(Closed::Archived))));
    let again = Patient::unite(&patient(3, |_| {}), &after.target, now()).unwrap().source;
    let into = Since::Closed(Closed::Merged(PatientId::from_uuid(Uuid::from_u128(3))));
    assert_eq!(merge.undo(&Pair { target: again, ..after }, now()), Err(obstacle(ana().id, into)));
}

#[test]
fn pt10_archiving_waits_for_what_is_ahead_and_is_harmless_to_repeat() {
    let ahead = AppointmentAhead {
        id: kernel::ids::AppointmentId::from_uuid(Uuid::from_u128(5)),
        start: now(),
        end: now(),
        status: "booked",
        practitioner: kernel::ids::PractitionerId::from_uuid(Uuid::from_u128(6)),
        patient: ana().id,
        can_be_cancelled: true,
        agendas: Vec::new(),
    };
    let refused = ArchiveRefused::AppointmentsAhead(vec![ahead.clone()]);
    assert_eq!(ana().archive(vec![ahead], now()), Err(refused));
    let Changed::To(archived) = ana().archive(Vec::new(), now()).unwrap() else { panic!("not archived") };
    assert_eq!((archived.closed(), archived.version), (Some(Closed::Archived), 2));
    assert_eq!(archived.archive(Vec::new(), now()), Ok(Changed::Nothing));
    assert_eq!(archived.change(PatientPatch::default(), kernel::Reach::Company, now()), Err(Closed::Archived.into()));
    let Changed::To(restored) = archived.restore(now()).unwrap() else { panic!("not restored") };
    assert_eq!((restored.closed(), restored.version, restored.restore(now())), (None, 3, Ok(Changed::Nothing)));
    let merged = Patient::unite(&duplicate(), &ana(), now()).unwrap().source;
    assert_eq!(merged.archive(Vec::new(), now()), Err(ArchiveRefused::Merged(duplicate().id)));
    assert_eq!(merged.restore(now()), Err(Closed::Merged(duplicate().id)));
}
