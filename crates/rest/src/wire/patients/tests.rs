use chrono::{TimeZone, Utc};
use kernel::ids::PatientId;
use patients::model::{IdentifierStatus, PatientDetails, PatientPatch};

use super::*;
use crate::body::Body;
use crate::catalogue;
use crate::from_json::Ask;
use crate::language::Language;
use crate::problem::Problem;

fn reading() -> Reading {
    let today = NaiveDate::from_ymd_opt(2026, 3, 2).unwrap();
    Reading::new(patients::model::Country::BRAZIL, today)
}

fn read(body: &Value) -> Result<PatientDetails, Problem> {
    Body::<NewPatient>::parse(body.to_string().as_bytes())?.into_inner().into_details(reading())
}

fn change(body: &Value) -> Result<PatientPatch, Problem> {
    Body::<PatientChanges>::parse(body.to_string().as_bytes())?.into_inner().into_patch(reading())
}

/// `pointer code` of every fault, each of which must be in the catalogue.
fn faults<T>(read: Result<T, Problem>) -> Vec<String> {
    let problem = read.err().unwrap();
    let document = problem.document(Language::English, Uuid::nil(), "https://salus.example");
    let document = serde_json::to_value(&document).unwrap();
    let word = |fault: &Value, name: &str| fault[name].as_str().unwrap().to_owned();
    let mut found = Vec::new();
    for fault in document["errors"].as_array().unwrap() {
        let code = word(fault, "code");
        assert!(catalogue::find(&code).is_some(), "{code} is not in the catalogue");
        found.push(format!("{} {code}", word(fault, "pointer")));
    }
    found.sort();
    found
}

#[test]
fn the_samples_are_read() {
    let details = read(&NewPatient::sample()).unwrap();
    assert_eq!(details.contacts.as_slice()[0].value(), "+5527998765432");
    let patch = change(&PatientChanges::sample()).unwrap();
    assert_eq!((patch.name, patch.notes), (None, kernel::Patch::Clear));
    assert_eq!(read(&json!({"name": "Ana"})).unwrap().stage, patients::model::Stage::Active);
}

#[test]
fn c7_all_bad_fields_are_named_at_once() {
    let body = json!({
        "name": " ",
        "social_name": "a".repeat(201),
        "birth_date": "1986-02-30",
        "sex": "F",
        "gender": 1,
        "stage": "archived",
        "identifiers": [
            {"kind": "cpf", "value": "111.111.111-11"},
            {"kind": "cpf", "value": "093.808.260-44", "status": "QUAL"},
            {"kind": "rg", "value": "1"},
            {"kind": "ins", "value": "253072A07300443", "status": "VALI"},
            {"kind": "ins", "value": "2 53 07 2A 073 004 43"}
        ],
        "contacts": [
            {"kind": "phone", "value": "call me"},
            {"kind": "email", "value": "ana", "primary": "yes"},
            {"kind": "email", "value": "ana"},
            {"kind": "instagram", "value": "not ok"}
        ],
        "addresses": [{}, {"country": "ZZ"}, {"latitude": 91, "longitude": 0}, {"latitude": 1.5}, {"street": "\u{7}"}],
        "health_plans": [{"plan": "x"}, {"operator": " "}],
        "tags": ["vip", "VIP", ""],
        "preferences": {"hours": {"from": "12:00", "to": "9:00"}, "language": "pt BR", "channel": "pigeon"},
        "emergency_contacts": [{"name": "", "phone": "1"}], "notes": "a\u{0}b", "custom": {"a": "\u{0}"}, "mothers_name": "x"
    });
    let expected = [
        "/addresses/0 required",
        "/addresses/1/country unknown_country",
        "/addresses/2/latitude out_of_range",
        "/addresses/3/longitude required",
        "/addresses/4/street control_character",
        "/birth_date invalid_date",
        "/contacts/0/value invalid_phone",
        "/contacts/1/primary wrong_type",
        "/contacts/2/value invalid_email",
        "/contacts/3/value invalid_instagram",
        "/custom control_character",
        "/emergency_contacts/0/name required",
        "/gender wrong_type",
        "/health_plans/0/operator required",
        "/health_plans/1/operator required",
        "/identifiers/0/value invalid_cpf",
        "/identifiers/1/status invalid_identifier_status",
        "/identifiers/2/kind unknown_value",
        "/mothers_name unknown_field",
        "/name required",
        "/notes control_character",
        "/preferences/channel unknown_value",
        "/preferences/hours/to invalid_time",
        "/preferences/language invalid_language",
        "/sex unknown_value",
        "/social_name too_long",
        "/stage unknown_value",
        "/tags/2 required",
    ];
    assert_eq!(faults(read(&body)), expected);
}

#[test]
fn what_depends_on_the_day_and_the_country_is_found_too() {
    let body = json!({
        "name": "Ana",
        "birth_date": "2026-03-03",
        "contacts": [
            {"kind": "phone", "value": "(41) 98799-0000", "primary": true},
            {"kind": "phone", "value": "+55 41 8799-0000"},
            {"kind": "phone", "value": "(41) 3333-4444", "primary": true}
        ]
    });
    let expected = ["/birth_date in_future", "/contacts/1/value duplicate", "/contacts/2/primary several_primary"];
    assert_eq!(faults(read(&body)), expected);
    assert_eq!(faults(change(&body)), expected);
    assert_eq!(faults(read(&json!({"name": "Ana", "birth_date": "1869-12-31"}))), ["/birth_date too_old"]);
    let twice = json!([{"kind": "cpf", "value": "09380826044"}, {"kind": "cpf", "value": "093.808.260-44"}]);
    assert_eq!(faults(read(&json!({"name": "Ana", "identifiers": twice}))), ["/identifiers/1 duplicate"]);
    assert_eq!(faults(read(&json!({"name": "Ana", "tags": ["vip", "VIP"]}))), ["/tags/1 duplicate"]);
}

#[test]
fn lists_and_own_fields_are_bounded() {
    for (field, most, item) in [
        ("identifiers", 10, json!({"kind": "other", "value": "1"})),
        ("contacts", 20, json!({"kind": "phone", "value": "1"})),
        ("addresses", 10, json!({"city": "Vitória"})),
        ("health_plans", 10, json!({"operator": "Unimed"})),
        ("tags", 30, json!("vip")),
        ("emergency_contacts", 5, json!({"name": "Ana", "phone": "1"})),
    ] {
        let items = vec![item; most + 1];
        let expected = [format!("/{field} too_many")];
        assert_eq!(faults(read(&json!({"name": "Ana", field: items}))), expected);
        assert_eq!(faults(change(&json!({field: items}))), expected);
    }
    let large = json!({"name": "Ana", "custom": {"a": "x".repeat(16_384)}});
    assert_eq!(faults(read(&large)), ["/custom custom_fields_too_large"]);
    for wrong in [json!([]), json!("a"), json!(1)] {
        assert_eq!(faults(read(&json!({"name": "Ana", "custom": wrong}))), ["/custom wrong_type"]);
    }
}

#[test]
fn c3_null_empties_what_can_be_empty() {
    let patch = change(&json!({"birth_date": null, "contacts": null, "custom": null, "preferences": null})).unwrap();
    assert_eq!((patch.birth_date, patch.contacts), (kernel::Patch::Clear, kernel::Patch::Clear));
    assert_eq!((patch.custom, patch.preferences), (kernel::Patch::Clear, kernel::Patch::Clear));
    assert_eq!(faults(change(&json!({"name": null, "stage": null}))), ["/name not_nullable", "/stage not_nullable"]);
    assert_eq!(change(&json!({})).unwrap(), PatientPatch::default());
}

#[test]
fn c3_every_field_of_an_answer_is_always_there() {
    let details = read(&json!({"name": "Ana"})).unwrap();
    let at = Utc.with_ymd_and_hms(2026, 3, 2, 12, 0, 0).unwrap();
    let id = PatientId::from_uuid(Uuid::from_u128(7));
    let patient =
        Patient { id, details, version: 1, created_at: at, updated_at: at, archived_at: None, merged_into: None };
    let bare = serde_json::to_value(PatientWire::from(&patient)).unwrap();
    let full = serde_json::to_value(PatientWire::sample()).unwrap();
    let names = |value: &Value| value.as_object().unwrap().keys().cloned().collect::<Vec<_>>();
    assert_eq!(names(&bare), names(&full));
    assert_eq!((&bare["birth_date"], &bare["contacts"]), (&Value::Null, &json!([])));
    assert_eq!(bare["preferences"], json!({"channel": null, "hours": null, "language": null}));
    assert_eq!(bare["created_at"], "2026-03-02T12:00:00Z");
}

#[test]
fn what_is_answered_can_be_asked_again() {
    let details = read(&NewPatient::sample()).unwrap();
    let identifier = &details.identifiers[0];
    let wire = serde_json::to_value(PatientIdentifier::from(identifier)).unwrap();
    let again = read(&json!({"name": "Ana", "identifiers": [wire]})).unwrap();
    assert_eq!(&again.identifiers[0], identifier);
    let ins = json!({"kind": "ins", "value": "253072A07300443", "status": "QUAL"});
    let ins = read(&json!({"name": "Ana", "identifiers": [ins]})).unwrap();
    assert_eq!(ins.identifiers[0].status(), IdentifierStatus::Qual);
    let preferences = serde_json::to_value(ContactPreferences::from(&details.preferences)).unwrap();
    let again = read(&json!({"name": "Ana", "preferences": preferences})).unwrap();
    assert_eq!(again.preferences, details.preferences);
}
