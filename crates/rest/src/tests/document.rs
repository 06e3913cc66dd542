//! The OpenAPI document of the test table and of the real one (C2).

use std::collections::BTreeSet;

use serde_json::{Value, json};

use super::service::TABLE;
use crate::{openapi, operations};

fn document() -> Value {
    serde_json::to_value(openapi::document(*TABLE, "https://salus.example")).unwrap()
}

#[test]
fn c2_the_same_table_gives_the_same_bytes() {
    let render = || openapi::document(*TABLE, "https://salus.example").to_pretty_json().unwrap();
    assert_eq!(render(), render());
    assert_eq!(document()["openapi"], "3.1.0");
}

#[test]
fn c2_every_operation_says_who_may_and_what_it_answers() {
    let create = &document()["paths"]["/api/v1/notes"]["post"];
    assert_eq!(create["operationId"], "create_note");
    assert_eq!(create["summary"], "Write a note");
    assert_eq!(create["x-permission"], "notes:write");
    assert_eq!(create["security"], json!([{"bearer": []}, {"cookie": [], "csrf": []}]));
    let statuses: Vec<&String> = create["responses"].as_object().unwrap().keys().collect();
    let expected =
        ["201", "400", "401", "403", "406", "408", "409", "413", "414", "415", "422", "429", "431", "500", "503"];
    assert_eq!(statuses, expected);
    assert_eq!(create["requestBody"]["content"]["application/json"]["schema"]["$ref"], "#/components/schemas/NewNote");
    assert_eq!(create["responses"]["422"]["$ref"], "#/components/responses/Invalid");
    let update = &document()["paths"]["/api/v1/notes/{hold_id}"]["patch"];
    let statuses: Vec<&String> = update["responses"].as_object().unwrap().keys().collect();
    let expected = [
        "200", "400", "401", "403", "404", "406", "408", "412", "413", "414", "415", "422", "428", "429", "431", "500",
        "503",
    ];
    assert_eq!(statuses, expected);
    let greet = &document()["paths"]["/greeting"]["get"];
    assert_eq!((&greet["security"], &greet["x-permission"]), (&json!([]), &json!("public")));
}

#[test]
fn c3_requests_are_closed_and_answers_complete() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let asked = &schemas["NewNote"];
    assert_eq!(asked["additionalProperties"], false);
    assert_eq!(asked["required"], json!(["title"]));
    assert_eq!(
        asked["properties"]["title"],
        json!({"type": "string", "minLength": 1, "maxLength": 40, "description": "What it says."})
    );
    assert_eq!(asked["properties"]["due"]["type"], json!(["string", "null"]));
    assert_eq!(schemas["Urgency"]["enum"], json!(["now", "next_week"]));
    let answered: BTreeSet<&str> =
        schemas["NoteWire"]["required"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
    assert_eq!(answered, BTreeSet::from(["id", "version", "title", "due"]));
}

#[test]
fn c2_ids_are_unique_verbs_with_nouns_and_schemas_do_not_clash() {
    for table in [*TABLE, operations()] {
        let mut seen = BTreeSet::new();
        for entry in table {
            assert!(seen.insert(entry.id()), "{} is used twice", entry.id());
            assert!(entry.id().contains('_') || entry.id() == "greet", "{} is no verb_noun", entry.id());
        }
        assert_eq!(openapi::clashes(table), Vec::<String>::new());
    }
}

#[test]
fn c2_every_reference_leads_somewhere() {
    fn references(value: &Value, found: &mut BTreeSet<String>) {
        match value {
            Value::Object(members) => {
                found.extend(members.get("$ref").and_then(Value::as_str).map(str::to_owned));
                members.values().for_each(|value| references(value, found));
            }
            Value::Array(values) => values.iter().for_each(|value| references(value, found)),
            _ => {}
        }
    }
    for table in [*TABLE, operations()] {
        let document = serde_json::to_value(openapi::document(table, "https://salus.example")).unwrap();
        let mut found = BTreeSet::new();
        references(&document, &mut found);
        for reference in found {
            assert!(document.pointer(reference.trim_start_matches('#')).is_some(), "{reference}");
        }
    }
}

#[test]
fn c2_a_sample_is_accepted() {
    for table in [*TABLE, operations()] {
        for entry in table {
            assert_eq!(entry.sample_faults(), [], "{entry:?}");
        }
    }
}
