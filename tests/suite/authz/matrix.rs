//! The policy as one readable table, and every role against every operation.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::PathBuf;

use identity::model::policy::{self, Extent, PERMISSIONS};
use identity::model::role::Role;
use rest::access::Access;
use serde_json::Value;

use super::ids::Ids;
use super::table::{Line, lines};
use crate::both;
use crate::support::TestApp;

/// Reach, permission and role, as the policy says or as the API tells it.
type Cells = BTreeMap<String, BTreeMap<String, Vec<String>>>;

/// Operations that are refused to a reach although its role has the permission: operation, reach, reason.
const NARROWER: &[(&str, Extent, &str)] = &[
    ("archive_patient", Extent::Agenda, "others may have appointments with the patient"),
    ("archive_patient", Extent::Own, "who is in the registry is the company's to say"),
    ("create_patient", Extent::Agenda, "a new patient is on nobody's agenda yet"),
    ("create_patient", Extent::Own, "self is one record, which is there"),
    ("create_patient_link", Extent::Agenda, "who looks after a patient is the company's to say"),
    ("create_patient_link", Extent::Own, "who looks after a patient is the company's to say"),
    ("delete_patient_link", Extent::Agenda, "who looks after a patient is the company's to say"),
    ("delete_patient_link", Extent::Own, "who looks after a patient is the company's to say"),
    ("restore_patient", Extent::Agenda, "who may archive restores"),
    ("restore_patient", Extent::Own, "who may archive restores"),
];

/// A line per permission and reach with the roles that have it, in the policy's order.
fn printed(cells: &Cells) -> String {
    let mut out = String::new();
    for permission in PERMISSIONS {
        let reaches = &cells[*permission];
        for reach in ["company", "agenda", "linked", "self"] {
            if let Some(roles) = reaches.get(reach) {
                writeln!(out, "{permission:<22} {reach:<8} {}", roles.join(" ")).unwrap();
            }
        }
    }
    out
}

fn policy_cells() -> Cells {
    let mut cells = Cells::new();
    for role in Role::ALL {
        for (permission, extent) in policy::permissions_of(role) {
            let reaches = cells.entry(permission.to_owned()).or_default();
            reaches.entry(extent.name().to_owned()).or_default().push(role.name().to_owned());
        }
    }
    cells
}

fn answered_cells(page: &Value) -> Cells {
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let mut cells = Cells::new();
    for role in page["items"].as_array().unwrap() {
        for granted in role["permissions"].as_array().unwrap() {
            let reaches = cells.entry(text(&granted["permission"])).or_default();
            reaches.entry(text(&granted["reach"])).or_default().push(text(&role["role"]));
        }
    }
    cells
}

#[test]
fn the_matrix_is_the_reviewed_one() {
    let file: PathBuf = [env!("CARGO_MANIFEST_DIR"), "suite", "authz", "matrix.txt"].iter().collect();
    let built = printed(&policy_cells());
    if std::env::var("SNAPSHOTS").is_ok_and(|s| s == "write") {
        std::fs::write(&file, &built).unwrap();
    }
    let reviewed = std::fs::read_to_string(&file).unwrap_or_default();
    assert!(built == reviewed, "the policy differs from matrix.txt; `SNAPSHOTS=write cargo test` rewrites it");
}

#[test]
fn every_permission_that_an_operation_asks_for_is_in_the_policy() {
    for entry in rest::operations() {
        if let Access::Permission(name) = entry.access() {
            assert!(PERMISSIONS.contains(&name), "{entry:?} asks for {name}");
        }
    }
}

#[test]
fn the_exceptions_are_sorted_and_have_reasons() {
    assert!(NARROWER.is_sorted_by_key(|(operation, extent, _)| (*operation, extent.name())));
    for (operation, _, reason) in NARROWER {
        assert!(!reason.is_empty() && rest::operations().iter().any(|entry| entry.id() == *operation), "{operation}");
    }
}

/// What the policy says about a role's valid request on things within its reach.
fn expected(role: Role, line: &Line) -> u16 {
    match line.entry.access() {
        Access::Operator => 401,
        Access::Public | Access::Session => line.status,
        Access::Permission(name) => match policy::extent(role, name) {
            None => 403,
            Some(extent) if NARROWER.iter().any(|(id, of, _)| *id == line.id() && *of == extent) => 403,
            Some(_) => line.status,
        },
    }
}

/// Sends every operation as a role, and returns how often it was refused.
async fn holds_for(app: &TestApp, role: Role) -> usize {
    let ids = Ids::of_role(app, role.name()).await;
    let (caller, sql) = (app.member(role.name()).await, app.sql().await);
    let mut refused = 0;
    for line in lines(&ids) {
        let count = "SELECT count(*) FROM journal_entry";
        let before = sql.number(count).await;
        let answer = line.send(&caller).await;
        assert_eq!(answer.status, expected(role, &line), "{} {line:?}: {}", role.name(), answer.text());
        let is_done = answer.status < 300;
        let left = sql.number(count).await - before;
        assert_eq!(left, if is_done { line.entries() } else { 0 }, "entries of {} {line:?}", role.name());
        refused += usize::from(answer.status == 403);
    }
    refused
}

both! {
    async fn the_api_tells_the_same_policy(app) {
        let page = app.member("driver").await.get("/api/v1/roles").await.expect(200);
        assert_eq!(printed(&answered_cells(&page)), printed(&policy_cells()));
    }

    async fn every_role_may_what_the_matrix_says_and_nothing_else(app) {
        let mut refusals = BTreeMap::new();
        for role in Role::ALL {
            refusals.insert(role.name(), holds_for(app, role).await);
        }
        assert_eq!(refusals["admin"], 0);
        assert!(refusals["driver"] > refusals["analyst"] && refusals["analyst"] > refusals["doctor"], "{refusals:?}");
    }
}
