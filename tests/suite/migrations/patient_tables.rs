//! Every column that names a patient, with what merging, undoing and archiving do about it (PT10): a column that is not here
//! has been forgotten by all three.

use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Kind, Office, text};

/// What becomes of a column when the record that it names is merged into another, and when that is undone.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Fate {
    /// Names the surviving record from then on; goes back when it is undone.
    Moves,
    /// Is of the record itself, and changes with it.
    Follows,
    /// Stays as it is.
    Stays,
}

use Fate::{Follows, Moves, Stays};

/// Column, its fate, and why; what archiving does about it.
const COLUMNS: &[(&str, Fate, &str, &str)] = &[
    ("appointment.beneficiary_id", Moves, "the person whom it is for", "one ahead stands in the way or is called off"),
    ("appointment.patient_id", Moves, "the person who comes", "one ahead stands in the way or is called off"),
    (
        "external_reference.patient_id",
        Stays,
        "an import follows the merged record to the surviving one",
        "nothing: an import may not change it",
    ),
    (
        "invitation.patient_id",
        Moves,
        "the record that the invited person will be",
        "nothing: who joins reads the own record",
    ),
    ("membership.patient_id", Moves, "the record that the member is", "nothing: a patient reads the own record"),
    (
        "patient.merged_into",
        Stays,
        "a chain of merges is undone from its end",
        "nothing: a merged record is not archived",
    ),
    (
        "patient_attendance.patient_id",
        Follows,
        "counted from the appointments by triggers",
        "nothing: visits were made",
    ),
    ("patient_contact.patient_id", Follows, "united in the record", "nothing: restored as it was"),
    ("patient_duplicate.first_id", Follows, "found anew by the worker", "found anew by the worker"),
    ("patient_duplicate.second_id", Follows, "found anew by the worker", "found anew by the worker"),
    ("patient_facet.patient_id", Follows, "derived from the record", "nothing: derived from the record"),
    ("patient_identifier.patient_id", Follows, "moved or kept as old in the record", "nothing: restored as it was"),
    (
        "patient_link.patient_id",
        Moves,
        "who looks after the person; one that both have stays",
        "nothing: restored as it was",
    ),
    ("patient_match_due.patient_id", Follows, "names each record that has changed, for the worker", "the same"),
    ("patient_match_key.patient_id", Follows, "derived from the record", "derived from the record"),
    // The sealed snapshot holds both records: erasing a person's data must remove the merges of the record too.
    ("patient_merge.source_id", Stays, "what undoing needs", "nothing: undoing asks for records in use"),
    ("patient_merge.target_id", Stays, "what undoing needs", "nothing: undoing asks for records in use"),
    ("patient_place.patient_id", Follows, "derived from the record", "nothing: derived from the record"),
];

both! {
    async fn pt10_each_column_that_names_a_patient_is_on_the_list(app) {
        let sql = app.sql().await;
        let query = match app.kind() {
            Kind::Sqlite => "SELECT m.name || '.' || f.\"from\" FROM sqlite_master m, pragma_foreign_key_list(m.name) f \
                 WHERE m.type = 'table' AND f.\"table\" = 'patient' AND f.\"from\" <> 'tenant_id' \
                 UNION SELECT m.name || '.' || c.name FROM sqlite_master m, pragma_table_info(m.name) c \
                 WHERE m.type = 'table' AND (c.name LIKE '%patient_id' OR c.name = 'merged_into') ORDER BY 1",
            Kind::Postgres => "SELECT (c.conrelid::regclass || '.' || a.attname) COLLATE \"C\" FROM pg_constraint c JOIN pg_attribute a \
                 ON a.attrelid = c.conrelid AND a.attnum = ANY (c.conkey) \
                 WHERE c.contype = 'f' AND c.confrelid = 'patient'::regclass AND a.attname <> 'tenant_id' \
                 UNION SELECT (table_name || '.' || column_name) COLLATE \"C\" FROM information_schema.columns \
                 WHERE table_schema = 'public' AND (column_name LIKE '%patient\\_id' OR column_name = 'merged_into') ORDER BY 1",
        };
        let listed: Vec<&str> = COLUMNS.iter().map(|(column, ..)| *column).collect();
        assert_eq!(sql.texts(query).await, listed);
    }

    async fn pt10_what_moves_names_the_survivor_and_goes_back(app) {
        let (office, sql) = (Office::open(app).await, app.sql().await);
        let (target, source) = (office.patient("Ana Lima").await, office.patient("Marina Prado").await);
        let mother = office.patient("Helena Prado").await;
        office.book(&source, "2027-03-15T12:00:00Z").await.expect(201);
        let mut for_source = office.booking(&mother, "2027-03-15T14:00:00Z");
        for_source["beneficiary_id"] = json!(source);
        office.staff.post("/api/v1/appointments", &for_source).await.expect(201);
        let nurse = text(&app.member("nurse").await.get("/api/v1/auth/me").await.expect(200)["id"]);
        let link = json!({ "membership_id": nurse, "kind": "guardian" });
        office.admin.post(&format!("/api/v1/patients/{source}/links"), &link).await.expect(201);
        let invite = json!({ "email": "marina@example.com", "role": "patient", "patient_id": source });
        office.admin.post("/api/v1/invitations", &invite).await.expect(201);
        let bound = format!("UPDATE membership SET patient_id = {} WHERE id = {}", sql.id(&source), sql.id(&nurse));
        sql.run(&bound).await.unwrap();
        let moving = || COLUMNS.iter().filter(|(_, fate, ..)| *fate == Moves).map(|(column, ..)| *column);
        let naming = async |patient: &str| {
            let mut rows = Vec::new();
            for (table, column) in moving().map(|column| column.split_once('.').unwrap()) {
                rows.push(sql.number(&format!("SELECT count(*) FROM {table} WHERE {column} = {}", sql.id(patient))).await);
            }
            rows
        };
        assert_eq!((naming(&source).await, naming(&target).await), (vec![1; 5], vec![0; 5]), "one of each");
        let path = format!("/api/v1/patients/{target}/merge");
        let merge = office.admin.post(&path, &json!({ "source_id": source })).await.expect(200);
        assert_eq!((naming(&source).await, naming(&target).await), (vec![0; 5], vec![1; 5]));
        let kinds: Vec<&Value> = merge["moved"].as_array().unwrap().iter().map(|one| &one["kind"]).collect();
        assert_eq!(kinds, ["appointment", "beneficiary", "link", "invitation", "membership"]);
        let undo = format!("/api/v1/merges/{}/undo", text(&merge["id"]));
        office.admin.send(Method::POST, &undo, None, &[]).await.expect(200);
        assert_eq!((naming(&source).await, naming(&target).await), (vec![1; 5], vec![0; 5]));
    }
}

#[cfg(feature = "postgres")]
#[test]
fn pt6_pt4_queues_are_vacuumed_by_what_came_and_went() {
    crate::support::run(Kind::Postgres, async |app| {
        let asked = "SELECT array_to_string(reloptions, ' ') FROM pg_class \
                     WHERE relname IN ('patient_match_due', 'patient_statistic_delta')";
        let options = app.sql().await.texts(asked).await;
        assert_eq!(options, ["autovacuum_vacuum_scale_factor=0 autovacuum_vacuum_threshold=10000"; 2]);
    });
}
