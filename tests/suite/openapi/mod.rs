//! The checked-in document is the one that the code makes, and it is one that clients can be made from (C2).

mod lint;

use serde_json::Value;

use crate::authz::{Exception, find, is_sorted};

/// Operations that the document leaves out.
const UNDOCUMENTED: &[Exception] = &[
    ("find_docs", "leads people to the pages"),
    ("show_docs", "a page for people"),
    ("show_docs_file", "a file of that page"),
    ("show_email_verification", "a page for people"),
    ("show_invitation_acceptance", "a page for people"),
    ("show_page_file", "a file of those pages"),
    ("show_password_reset", "a page for people"),
];

/// The document as the code makes it.
fn built() -> String {
    rest::openapi::document(rest::operations(), rest::openapi::SERVER).to_pretty_json().unwrap()
}

fn document() -> Value {
    serde_json::from_str(&built()).unwrap()
}

#[test]
fn c2_the_checked_in_document_is_the_built_one() {
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/../openapi/salus.v1.json");
    let kept = std::fs::read_to_string(file).unwrap_or_default();
    assert!(kept.trim_end() == built().trim_end(), "openapi/salus.v1.json is not up to date: run `just openapi`");
}

#[test]
fn c2_every_route_is_documented_and_nothing_else() {
    let document = document();
    let mut documented: Vec<(String, String)> = Vec::new();
    for (path, item) in document["paths"].as_object().unwrap() {
        for method in item.as_object().unwrap().keys() {
            documented.push((path.clone(), method.to_uppercase()));
        }
    }
    is_sorted(UNDOCUMENTED);
    let mut routes: Vec<(String, String)> = rest::operations()
        .iter()
        .filter(|entry| !find(UNDOCUMENTED, entry.id()))
        .map(|entry| (entry.path().to_owned(), entry.method().to_string()))
        .collect();
    documented.sort();
    routes.sort();
    assert_eq!(documented, routes);
    assert!(routes.len() > 30, "{} operations", routes.len());
}
