//! Rules over every operation and schema of the document.

use std::collections::BTreeSet;

use serde_json::Value;

use super::document;
use crate::authz::{Exception, find, is_sorted};

/// Operations whose answer shows no example.
const NO_EXAMPLE: &[Exception] = &[
    ("show_metrics", "Prometheus text"),
    ("show_openapi", "the document itself"),
    ("show_problem", "a page for people"),
];

/// Every operation with its method and path.
fn operations(document: &Value) -> Vec<(String, &Value)> {
    let paths = document["paths"].as_object().unwrap();
    paths
        .iter()
        .flat_map(|(path, item)| {
            item.as_object().unwrap().iter().map(move |(method, it)| (format!("{method} {path}"), it))
        })
        .collect()
}

fn text<'a>(operation: &'a Value, field: &str) -> &'a str {
    operation[field].as_str().unwrap_or_default()
}

/// The status codes of an operation's answers.
fn statuses(operation: &Value) -> Vec<u16> {
    operation["responses"].as_object().unwrap().keys().map(|status| status.parse().unwrap()).collect()
}

#[test]
fn the_exceptions_are_sorted_and_have_reasons() {
    is_sorted(NO_EXAMPLE);
}

#[test]
fn c2_every_operation_has_a_unique_verb_noun_id() {
    let document = document();
    let mut seen = BTreeSet::new();
    for (place, operation) in operations(&document) {
        let id = text(operation, "operationId");
        let plain = id.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
        assert!(plain && id.split('_').count() >= 2, "{place}: {id} is no verb_noun");
        assert!(seen.insert(id.to_owned()), "{place}: {id} is used twice");
    }
}

#[test]
fn c2_every_operation_says_what_it_is_and_who_may() {
    let document = document();
    let tags: Vec<&str> = document["tags"].as_array().unwrap().iter().map(|tag| text(tag, "name")).collect();
    for (place, operation) in operations(&document) {
        let own: Vec<&str> = operation["tags"].as_array().unwrap().iter().filter_map(Value::as_str).collect();
        assert!(own.len() == 1 && tags.contains(&own[0]), "{place}: tags {own:?}");
        let summary = text(operation, "summary");
        let first = summary.chars().next().unwrap_or(' ');
        assert!(first.is_uppercase() && !summary.ends_with('.') && summary.len() < 80, "{place}: summary `{summary}`");
        assert!(!text(operation, "description").is_empty(), "{place}: no description");
        let permission = text(operation, "x-permission");
        let security = operation["security"].as_array().unwrap_or_else(|| panic!("{place}: no security"));
        assert_eq!(security.is_empty(), permission == "public", "{place}: {permission} and {security:?}");
        let named = ["public", "session", "operator"].contains(&permission);
        assert!(named || permission.split_once(':').is_some(), "{place}: x-permission `{permission}`");
    }
}

#[test]
fn c2_every_operation_tells_its_refusals() {
    let document = document();
    for (place, operation) in operations(&document) {
        let statuses = statuses(operation);
        assert!(statuses.iter().any(|status| (200..400).contains(status)), "{place} never succeeds");
        let permission = text(operation, "x-permission");
        let mut due = vec![429, 500, 503];
        due.extend((permission != "public").then_some(401));
        due.extend(permission.contains(':').then_some(403));
        due.extend(place.contains('{').then_some(404));
        due.extend(operation.get("requestBody").map(|_| [400, 413, 415, 422]).into_iter().flatten());
        // One's own profile has no version (C9).
        let is_versioned = (place.starts_with("patch") || place.starts_with("put")) && place != "patch /api/v1/auth/me";
        due.extend(is_versioned.then_some([412, 428]).into_iter().flatten());
        for status in due {
            assert!(statuses.contains(&status), "{place} does not tell {status}: {statuses:?}");
        }
    }
}

#[test]
fn c2_every_body_has_an_example() {
    let document = document();
    for (place, operation) in operations(&document) {
        for (media, content) in operation["requestBody"]["content"].as_object().into_iter().flatten() {
            assert!(content["example"].is_object(), "{place}: no example of {media}");
        }
        if find(NO_EXAMPLE, text(operation, "operationId")) {
            continue;
        }
        for (status, answer) in operation["responses"].as_object().unwrap().iter().filter(|(s, _)| s.starts_with('2')) {
            for (media, content) in answer["content"].as_object().into_iter().flatten() {
                assert!(!content["example"].is_null(), "{place}: no example of {status} {media}");
            }
        }
    }
}

#[test]
fn c2_schemas_have_plain_names_and_descriptions() {
    assert_eq!(rest::openapi::clashes(rest::operations()), Vec::<String>::new());
    let document = document();
    let schemas = document["components"]["schemas"].as_object().unwrap();
    let mut folded = BTreeSet::new();
    for (name, schema) in schemas {
        // `Page_Patient` would be a generic that was nested.
        assert!(name.chars().all(|letter| letter.is_ascii_alphanumeric()), "{name} is made of a generic");
        assert!(!name.ends_with("Wire"), "{name} shows a name of the code");
        assert!(folded.insert(name.to_lowercase()), "{name} differs from another by case alone");
        assert!(!text(schema, "description").is_empty(), "{name} says nothing of itself");
    }
}

#[test]
fn c3_requests_are_closed_and_answers_are_complete() {
    let document = document();
    let schemas = &document["components"]["schemas"];
    let named = |content: &Value| {
        let reference = content["schema"]["$ref"].as_str()?;
        reference.rsplit('/').next().map(str::to_owned)
    };
    for (place, operation) in operations(&document) {
        if let Some(name) = named(&operation["requestBody"]["content"]["application/json"]) {
            assert_eq!(schemas[&name]["additionalProperties"], false, "{place}: {name} takes unknown fields");
        }
        for (_, answer) in operation["responses"].as_object().unwrap().iter().filter(|(s, _)| s.starts_with('2')) {
            let Some(name) = named(&answer["content"]["application/json"]) else { continue };
            let schema = &schemas[&name];
            let required: BTreeSet<&str> =
                schema["required"].as_array().into_iter().flatten().filter_map(Value::as_str).collect();
            for property in schema["properties"].as_object().into_iter().flatten().map(|(property, _)| property) {
                assert!(required.contains(property.as_str()), "{place}: {name}.{property} may be absent");
            }
        }
    }
}
