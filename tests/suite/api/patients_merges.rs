//! Merging duplicates and undoing it (PT7): all or nothing, nothing dropped, nothing twice.

use reqwest::Method;
use serde_json::{Value, json};

use crate::both;
use crate::support::{Answer, Caller, Kind, Office, Sql, TestApp, at_once, hex, text};

const NINE: &str = "2027-03-15T12:00:00Z";
const QUARTER_PAST: &str = "2027-03-15T12:15:00Z";
const TEN: &str = "2027-03-15T13:00:00Z";

/// Two records of one person, and who merges them.
struct Twice {
    office: Office,
    target: String,
    source: String,
}

impl Twice {
    async fn found(app: &TestApp) -> Self {
        let office = Office::open(app).await;
        let target = register(
            &office.staff,
            json!({
                "name": "Ana Lima", "notes": "Prefere manhãs.", "tags": ["vip"], "custom": { "a": 1 },
                "identifiers": [{ "kind": "cpf", "value": "158.864.890-70" }],
                "contacts": [{ "kind": "phone", "value": "(11) 98765-4321" }],
            }),
        )
        .await;
        let source = register(
            &office.staff,
            json!({
                "name": "Ana de Lima", "social_name": "Aninha", "birth_date": "1986-04-12", "notes": "Alérgica a dipirona.",
                "tags": ["VIP", "devedora"], "custom": { "a": 2, "b": [1.5, "x"] },
                "identifiers": [{ "kind": "cpf", "value": "093.808.260-44" }, { "kind": "cns", "value": "116387691940009" }],
                "contacts": [{ "kind": "phone", "value": "11 8765-4321" }, { "kind": "email", "value": "ana@example.com" }],
                "addresses": [{ "city": "Vitória", "latitude": -20.3155, "longitude": -40.3128 }],
                "health_plans": [{ "operator": "Unimed Vitória", "card_number": "0 064 123456789 0" }],
            }),
        )
        .await;
        Self { office, target, source }
    }

    async fn merge_with(&self, query: &str, headers: &[(&str, &str)]) -> Answer {
        let path = format!("/api/v1/patients/{}/merge{query}", self.target);
        let body = json!({ "source_id": self.source });
        self.office.admin.send(Method::POST, &path, Some(&body), headers).await
    }

    async fn merge(&self) -> Value {
        self.merge_with("", &[]).await.expect(200)
    }

    async fn undo(&self, merge: &Value) -> Answer {
        undo(&self.office.admin, merge).await
    }

    async fn read(&self, id: &str) -> Value {
        self.office.staff.get(&format!("/api/v1/patients/{id}")).await.expect(200)
    }

    async fn booked(&self, patient: &str, start: &str) -> String {
        text(&self.office.book(patient, start).await.expect(201)["id"])
    }

    /// Books with another practitioner, so that only the patient's time is taken twice.
    async fn booked_elsewhere(&self, patient: &str, start: &str) -> String {
        let mut booking = self.office.booking(patient, start);
        booking["practitioner_id"] = json!(self.office.practitioner("Dr. Outro").await);
        text(&self.office.staff.post("/api/v1/appointments", &booking).await.expect(201)["id"])
    }
}

async fn register(staff: &Caller, mut patient: Value) -> String {
    patient["allow_duplicate"] = json!(true);
    text(&staff.post("/api/v1/patients", &patient).await.expect(201)["id"])
}

async fn undo(admin: &Caller, merge: &Value) -> Answer {
    admin.send(Method::POST, &format!("/api/v1/merges/{}/undo", text(&merge["id"])), None, &[]).await
}

fn ids(list: &Value) -> Vec<String> {
    list.as_array().unwrap().iter().map(|one| text(&one["id"])).collect()
}

/// A record without what rises with every change.
fn content(record: &Value) -> Value {
    let mut record = record.clone();
    for field in ["version", "updated_at"] {
        record.as_object_mut().unwrap().remove(field);
    }
    record
}

/// The rows in the agenda of a patient: appointment, session, seat, span, whether it excludes and whether it shows.
async fn agenda(app: &TestApp, sql: &Sql, patient: &str) -> Vec<String> {
    let id = |column: &str| match app.kind() {
        Kind::Sqlite => format!("hex({column})"),
        Kind::Postgres => format!("{column}::text"),
    };
    let query = format!(
        "SELECT {} || ' ' || {} || ' ' || seat || ' ' || CAST(starts_at AS text) || ' ' || CAST(ends_at AS text) || ' ' || \
         CASE WHEN active THEN 'active' ELSE '-' END || ' ' || CASE WHEN overbooked THEN 'overbooked' ELSE '-' END \
         FROM busy WHERE resource_id = {} ORDER BY starts_at, 1",
        id("appointment_id"),
        id("session_id"),
        sql.id(patient)
    );
    sql.texts(&query).await
}

async fn link(office: &Office, patient: &str, member: &str) -> String {
    let ask = json!({ "membership_id": member, "kind": "caregiver" });
    text(&office.admin.post(&format!("/api/v1/patients/{patient}/links"), &ask).await.expect(201)["id"])
}

both! {
    async fn pt7_a_dry_run_lists_what_would_move_and_changes_nothing(app) {
        let twice = Twice::found(app).await;
        let appointment = twice.booked(&twice.source, NINE).await;
        let (before, source) = (app.entries().await, twice.read(&twice.source).await);
        let shown = twice.merge_with("?dry_run=true", &[]).await.expect(200);
        assert_eq!((&shown["id"], &shown["dry_run"], &shown["merged_at"]), (&Value::Null, &json!(true), &Value::Null));
        assert_eq!(ids(&shown["moved"]), [appointment]);
        assert_eq!((&shown["moved"][0]["kind"], &shown["moved"][0]["start"]), (&json!("appointment"), &json!(NINE)));
        assert_eq!((&shown["patient"]["social_name"], &shown["overruled"]), (&json!("Aninha"), &json!(["name", "custom"])));
        assert_eq!((app.entries().await, twice.read(&twice.source).await), (before, source));
        let done = twice.merge().await;
        assert_eq!((&done["moved"], &done["patient"]["notes"]), (&shown["moved"], &shown["patient"]["notes"]));
    }

    async fn pt7_a_merge_unites_both_records_and_leaves_the_source_readable(app) {
        let twice = Twice::found(app).await;
        let (was, before) = (twice.read(&twice.source).await, app.entries().await);
        twice.merge().await;
        assert_eq!(app.entries().await, before + 1, "one act");
        let target = twice.read(&twice.target).await;
        assert_eq!((&target["name"], &target["social_name"], &target["birth_date"]), (&json!("Ana Lima"), &json!("Aninha"), &json!("1986-04-12")));
        assert_eq!(target["notes"], "Prefere manhãs.\n\nAlérgica a dipirona.");
        assert_eq!((&target["tags"], &target["custom"]), (&json!(["vip", "devedora"]), &json!({ "a": 1, "b": [1.5, "x"] })));
        let standings: Vec<_> = target["identifiers"].as_array().unwrap().iter().map(|one| (text(&one["kind"]), text(&one["standing"]))).collect();
        let wanted = [("cpf", "current"), ("cpf", "old"), ("cns", "current")].map(|(kind, standing)| (kind.to_owned(), standing.to_owned()));
        assert_eq!(standings, wanted);
        assert_eq!(target["contacts"].as_array().unwrap().len(), 2, "one telephone with and without its ninth digit");
        let source = twice.read(&twice.source).await;
        assert_eq!((&source["stage"], &source["merged_into"]), (&json!("merged"), &json!(twice.target)));
        assert_eq!((&source["name"], &source["contacts"]), (&was["name"], &was["contacts"]));
        for identifier in source["identifiers"].as_array().unwrap() {
            assert_eq!(identifier["standing"], "moved");
        }
    }

    async fn pt7_the_number_of_the_source_is_that_of_the_target_from_then_on(app) {
        let twice = Twice::found(app).await;
        twice.merge().await;
        let again = json!({ "name": "Outra", "identifiers": [{ "kind": "cpf", "value": "09380826044" }], "allow_duplicate": true });
        let refused = twice.office.staff.post("/api/v1/patients", &again).await.refused(409, "patients.duplicate_identifier");
        assert_eq!(refused["existing_id"], json!(twice.target));
        let found = twice.office.staff.get("/api/v1/patients?search=09380826044").await.expect(200);
        assert_eq!(ids(&found["items"]), [twice.target.as_str()]);
    }

    async fn pt7_what_a_merge_keeps_is_sealed(app) {
        let twice = Twice::found(app).await;
        twice.merge().await;
        let column = match app.kind() {
            Kind::Sqlite => "hex(snapshot)",
            Kind::Postgres => "upper(encode(snapshot, 'hex'))",
        };
        let kept = app.sql().await.texts(&format!("SELECT {column} FROM patient_merge")).await.concat();
        let plain = hex(b"Aninha").to_uppercase();
        assert!(kept.len() > 200 && !kept.contains(&plain));
    }

    async fn pt7_overlapping_appointments_become_overbooked_and_are_listed(app) {
        let twice = Twice::found(app).await;
        let sql = app.sql().await;
        let own = twice.booked(&twice.target, NINE).await;
        let overlapping = twice.booked_elsewhere(&twice.source, QUARTER_PAST).await;
        let apart = twice.booked(&twice.source, TEN).await;
        let merge = twice.merge().await;
        assert_eq!((ids(&merge["moved"]), ids(&merge["overbooked"])), (vec![overlapping.clone(), apart], vec![overlapping.clone()]));
        let rows = agenda(app, &sql, &twice.target).await;
        let flags: Vec<&str> = rows.iter().map(|row| if row.ends_with("active -") { "active" } else if row.ends_with("- overbooked") { "overbooked" } else { "?" }).collect();
        assert_eq!(flags, ["active", "overbooked", "active"], "{rows:#?}");
        assert!(agenda(app, &sql, &twice.source).await.is_empty());
        let page = twice.office.staff.get(&format!("/api/v1/appointments?patient_id={}", twice.target)).await.expect(200);
        assert_eq!(page["items"].as_array().unwrap().len(), 3);
        // The patient's time stays taken, and the practitioner's too.
        let mut third = twice.office.booking(&twice.target, QUARTER_PAST);
        third["practitioner_id"] = json!(twice.office.practitioner("Dr. Terceiro").await);
        twice.office.staff.post("/api/v1/appointments", &third).await.refused(409, "scheduling.slot_taken");
        let path = |id: &str| format!("/api/v1/appointments/{id}");
        let moved = twice.office.staff.get(&path(&overlapping)).await.expect(200);
        assert_eq!((&moved["patient_id"], &moved["version"]), (&json!(twice.target), &json!(2)));
        let history = twice.office.staff.get(&format!("{}/history", path(&overlapping))).await.expect(200);
        assert_eq!(history["items"][1]["after"]["patient_id"], json!(twice.target));
        twice.office.step(&moved, "cancel", &json!({ "reason": "repetida" })).await.expect(200);
        assert_eq!(twice.office.staff.get(&path(&own)).await.expect(200)["version"], 1);
    }

    async fn pt7_a_link_that_both_have_stays_and_the_others_move(app) {
        let twice = Twice::found(app).await;
        let member = |caller: Caller| async move { text(&caller.get("/api/v1/auth/me").await.expect(200)["id"]) };
        let (nurse, driver) = (member(app.member("nurse").await).await, member(app.member("caregiver").await).await);
        link(&twice.office, &twice.target, &nurse).await;
        let (same, other) = (link(&twice.office, &twice.source, &nurse).await, link(&twice.office, &twice.source, &driver).await);
        let caregiver = app.member("caregiver").await;
        caregiver.get(&format!("/api/v1/patients/{}", twice.target)).await.refused(404, "not_found");
        let merge = twice.merge().await;
        assert_eq!((ids(&merge["moved"]), ids(&merge["kept"])), (vec![other], vec![same]));
        caregiver.get(&format!("/api/v1/patients/{}", twice.target)).await.expect(200);
        twice.undo(&merge).await.expect(200);
        caregiver.get(&format!("/api/v1/patients/{}", twice.target)).await.refused(404, "not_found");
        caregiver.get(&format!("/api/v1/patients/{}", twice.source)).await.expect(200);
    }

    async fn pt7_a_link_of_longer_days_keeps_its_reach(app) {
        let twice = Twice::found(app).await;
        let carer = text(&app.member("caregiver").await.get("/api/v1/auth/me").await.expect(200)["id"]);
        let path = |patient: &str| format!("/api/v1/patients/{patient}/links");
        let short = json!({ "membership_id": carer, "kind": "caregiver", "valid_from": "2027-03-10", "valid_to": "2027-03-12" });
        twice.office.admin.post(&path(&twice.target), &short).await.expect(201);
        let longer = link(&twice.office, &twice.source, &carer).await;
        let merge = twice.merge().await;
        assert_eq!((ids(&merge["moved"]), &merge["kept"]), (vec![longer.clone()], &json!([])));
        for _ in 0..4 {
            app.member("caregiver").await.get(&format!("/api/v1/patients/{}", twice.target)).await.expect(200);
            app.clock.advance(chrono::Duration::days(1));
        }
        let days = async |patient: &str| {
            let page = app.admin().await.get(&path(patient)).await.expect(200);
            let all = page["items"].as_array().unwrap().iter().map(|one| (one["valid_from"].clone(), one["valid_to"].clone()));
            all.collect::<Vec<_>>()
        };
        let first = (json!("2027-03-10"), json!("2027-03-12"));
        assert_eq!(days(&twice.target).await, [first.clone(), (json!("2027-03-12"), Value::Null)]);
        let undone = undo(&app.admin().await, &merge).await.expect(200);
        assert_eq!((ids(&undone["returned"]), &undone["changed_since"]), (vec![longer], &json!([])));
        assert_eq!((days(&twice.target).await, days(&twice.source).await), (vec![first], vec![(json!("2027-03-10"), Value::Null)]));
    }

    async fn pt7_a_link_at_the_same_time_moves_along_or_is_refused(app) {
        let (office, sql) = (Office::open(app).await, app.sql().await);
        let nurse = text(&app.member("nurse").await.get("/api/v1/auth/me").await.expect(200)["id"]);
        let ask = json!({ "membership_id": nurse, "kind": "caregiver" });
        for _ in 0..8 {
            let pair = office.patients(2).await;
            let (target, source) = (pair.first().unwrap(), pair.last().unwrap());
            let (links, body) = (format!("/api/v1/patients/{source}/links"), json!({ "source_id": source }));
            let path = format!("/api/v1/patients/{target}/merge");
            let (linked, merged) = tokio::join!(office.admin.post(&links, &ask), office.admin.post(&path, &body));
            merged.expect(200);
            let is_linked = linked.status == 201;
            if !is_linked {
                linked.refused(409, "record_is_merged");
            }
            let of = |patient: &str| format!("SELECT count(*) FROM patient_link WHERE patient_id = {}", sql.id(patient));
            assert_eq!((sql.number(&of(source)).await, sql.number(&of(target)).await), (0, i64::from(is_linked)));
        }
    }

    async fn pt7_an_appointment_that_names_both_or_one_twice_is_counted_as_often_as_it_moves(app) {
        let twice = Twice::found(app).await;
        let sql = app.sql().await;
        let (one, two) = (twice.booked(&twice.target, NINE).await, twice.booked(&twice.source, TEN).await);
        for appointment in [&one, &two] {
            let set = format!("UPDATE appointment SET beneficiary_id = {} WHERE id = {}", sql.id(&twice.source), sql.id(appointment));
            sql.run(&set).await.unwrap();
        }
        let versions = async || {
            let mut all = Vec::new();
            for appointment in [&one, &two] {
                let path = format!("/api/v1/appointments/{appointment}");
                all.push(twice.office.staff.get(&path).await.expect(200)["version"].clone());
            }
            all
        };
        let merge = twice.merge().await;
        assert_eq!(versions().await, [2, 3]);
        let undone = twice.undo(&merge).await.expect(200);
        assert_eq!((&undone["returned"], &undone["changed_since"], &undone["gone"]), (&merge["moved"], &json!([]), &json!([])));
        assert_eq!(versions().await, [3, 5]);
    }

    async fn pt7_a_tag_that_left_the_catalogue_is_left_to_a_merged_record(app) {
        let twice = Twice::found(app).await;
        let admin = &twice.office.admin;
        let tag = text(&admin.post("/api/v1/tags", &json!({ "name": "Devedora" })).await.expect(201)["id"]);
        let source = twice.read(&twice.source).await;
        let merge = twice.merge().await;
        assert_eq!(admin.delete(&format!("/api/v1/tags/{tag}?force=true")).await.status, 204);
        app.settle().await;
        assert_eq!(twice.read(&twice.source).await["tags"], source["tags"]);
        // Only what a person can mend stands in the way.
        let refused = twice.undo(&merge).await.refused(409, "patients.merge_not_undoable");
        assert_eq!(refused["obstacles"], json!([{ "patient_id": twice.target, "reason": "changed", "fields": ["tags"] }]));
        let again = json!({ "tags": ["vip", "devedora"] });
        twice.office.staff.patch(&format!("/api/v1/patients/{}", twice.target), "*", &again).await.expect(200);
        twice.undo(&merge).await.expect(200);
        assert_eq!(content(&twice.read(&twice.source).await), content(&source));
    }

    async fn pt7_repeating_a_merge_gives_the_same_answer(app) {
        let twice = Twice::found(app).await;
        twice.booked(&twice.source, NINE).await;
        let first = twice.merge_with("", &[]).await;
        let before = app.entries().await;
        let second = twice.merge_with("", &[]).await;
        assert_eq!((first.status, &first.bytes), (200, &second.bytes));
        let third = twice.merge_with("?dry_run=true", &[("if-match", "\"1\"")]).await;
        assert_eq!((third.bytes, app.entries().await), (first.bytes, before));
    }

    async fn pt7_a_key_of_a_dry_run_does_not_answer_for_the_merge(app) {
        let twice = Twice::found(app).await;
        let key = [("idempotency-key", "merge-once")];
        let shown = twice.merge_with("?dry_run=true", &key).await.expect(200);
        assert_eq!(shown["dry_run"], true);
        twice.merge_with("", &key).await.refused(422, "idempotency_key_reused");
        assert_eq!(twice.merge_with("?dry_run=true", &key).await.header("idempotency-replayed"), Some("true"));
        assert_eq!(twice.read(&twice.source).await["merged_into"], Value::Null);
    }

    async fn pt7_records_that_cannot_be_merged_are_refused(app) {
        let twice = Twice::found(app).await;
        let Twice { office, target, source } = &twice;
        let third = office.patient("Terceira Pessoa").await;
        let merge = async |target: &str, source: &str| {
            let path = format!("/api/v1/patients/{target}/merge");
            office.admin.post(&path, &json!({ "source_id": source })).await
        };
        let unknown = "0193d000-0000-7000-8000-000000000000";
        let fault = |code: &str| vec![("/source_id".to_owned(), code.to_owned())];
        assert_eq!(merge(target, target).await.faults(), fault("patients.merge_into_itself"));
        assert_eq!(merge(target, unknown).await.faults(), fault("unknown_reference"));
        merge(unknown, source).await.refused(404, "not_found");
        let foreign = app.other_admin().await.get("/api/v1/patients").await.expect(200)["items"][0]["id"].clone();
        assert_eq!(merge(target, &text(&foreign)).await.faults(), fault("unknown_reference"));
        merge(&text(&foreign), source).await.refused(404, "not_found");
        twice.merge_with("", &[("if-match", "\"7\"")]).await.refused(412, "stale");
        office.staff.post(&format!("/api/v1/patients/{target}/merge"), &json!({ "source_id": source })).await.refused(403, "forbidden");
        twice.merge_with("", &[("if-match", "\"1\"")]).await.expect(200);
        let refused = merge(source, &third).await.refused(409, "patients.merged");
        assert_eq!(refused["merged_into"], json!(target));
        let refused = merge(&third, source).await.refused(409, "patients.source_closed");
        assert_eq!((&refused["merged_into"], &refused["errors"][0]["code"]), (&json!(target), &json!("patients.merged")));
        office.admin.send(Method::DELETE, &format!("/api/v1/patients/{third}"), None, &[("if-match", "*")]).await.expect(204);
        merge(target, &third).await.refused(409, "patients.source_closed");
        merge(&third, target).await.refused(409, "patients.archived");
        let patch = office.staff.patch(&format!("/api/v1/patients/{source}"), "*", &json!({ "notes": "?" })).await;
        assert_eq!(patch.refused(409, "patients.merged")["merged_into"], json!(target));
        let booked = office.book(source, NINE).await.refused(409, "scheduling.patient_closed");
        assert_eq!(booked["errors"][0]["pointer"], "/patient_id");
        office.admin.send(Method::DELETE, &format!("/api/v1/patients/{source}"), None, &[("if-match", "*")]).await.refused(409, "patients.merged");
    }

    async fn pt7_undoing_restores_byte_for_byte_what_the_snapshot_held(app) {
        let twice = Twice::found(app).await;
        let sql = app.sql().await;
        twice.booked(&twice.target, NINE).await;
        twice.booked_elsewhere(&twice.source, QUARTER_PAST).await;
        let last = twice.booked(&twice.source, TEN).await;
        let confirmed = twice.office.staff.get(&format!("/api/v1/appointments/{last}")).await.expect(200);
        twice.office.step(&confirmed, "confirm", &json!({})).await.expect(200);
        let (target, source) = (twice.read(&twice.target).await, twice.read(&twice.source).await);
        let agendas = (agenda(app, &sql, &twice.target).await, agenda(app, &sql, &twice.source).await);
        let merge = twice.merge().await;
        let before = app.entries().await;
        let undone = twice.undo(&merge).await.expect(200);
        assert_eq!(app.entries().await, before + 1);
        assert_eq!((&undone["returned"], &undone["changed_since"], &undone["gone"]), (&merge["moved"], &json!([]), &json!([])));
        let (target_now, source_now) = (twice.read(&twice.target).await, twice.read(&twice.source).await);
        assert_eq!((content(&target_now).to_string(), content(&source_now).to_string()), (content(&target).to_string(), content(&source).to_string()));
        assert_eq!((&target_now["version"], &source_now["version"]), (&json!(3), &json!(3)));
        assert_eq!((agenda(app, &sql, &twice.target).await, agenda(app, &sql, &twice.source).await), agendas);
        let page = twice.office.staff.get(&format!("/api/v1/appointments?patient_id={}", twice.source)).await.expect(200);
        assert_eq!(ids(&page["items"]), ids(&merge["moved"]));
        let found = twice.office.staff.get("/api/v1/patients?search=09380826044").await.expect(200);
        assert_eq!(ids(&found["items"]), [twice.source.as_str()]);
        // And all of it once more.
        let again = twice.merge().await;
        assert_ne!(again["id"], merge["id"]);
        assert_eq!(again["moved"], merge["moved"]);
    }

    async fn pt7_undoing_twice_is_told(app) {
        let twice = Twice::found(app).await;
        let merge = twice.merge().await;
        let stale = format!("/api/v1/merges/{}/undo", text(&merge["id"]));
        twice.office.admin.send(Method::POST, &stale, None, &[("if-match", "\"2\"")]).await.refused(412, "stale");
        let undone = twice.undo(&merge).await.expect(200);
        let before = app.entries().await;
        let refused = twice.undo(&merge).await.refused(409, "patients.merge_already_undone");
        assert_eq!((&refused["undone_at"], app.entries().await), (&undone["undone_at"], before));
        undo(&app.other_admin().await, &merge).await.refused(404, "not_found");
        undo(&twice.office.staff, &merge).await.refused(403, "forbidden");
    }

    async fn pt7_undoing_lists_what_changed_since_and_changes_nothing(app) {
        let twice = Twice::found(app).await;
        let merge = twice.merge().await;
        let path = format!("/api/v1/patients/{}", twice.target);
        let notes = twice.read(&twice.target).await["notes"].clone();
        twice.office.staff.patch(&path, "*", &json!({ "notes": "Nova", "gender": "mulher" })).await.expect(200);
        let before = app.entries().await;
        let refused = twice.undo(&merge).await.refused(409, "patients.merge_not_undoable");
        let wanted = json!([{ "patient_id": twice.target, "reason": "changed", "fields": ["gender", "notes"] }]);
        assert_eq!((&refused["obstacles"], app.entries().await), (&wanted, before));
        assert_eq!(twice.read(&twice.source).await["merged_into"], json!(twice.target));
        // As it was right after the merge, it can be undone.
        twice.office.staff.patch(&path, "*", &json!({ "notes": notes, "gender": null })).await.expect(200);
        // A later merge has to be undone first.
        let third = twice.office.patient("Ana L.").await;
        let later = twice.office.admin.post(&format!("/api/v1/patients/{third}/merge"), &json!({ "source_id": twice.target })).await.expect(200);
        let refused = twice.undo(&merge).await.refused(409, "patients.merge_not_undoable");
        assert_eq!((&refused["obstacles"][0]["reason"], &refused["obstacles"][0]["merged_into"]), (&json!("merged"), &json!(third)));
        twice.undo(&later).await.expect(200);
        twice.undo(&merge).await.expect(200);
    }

    async fn pt7_what_was_done_to_an_appointment_since_stays_with_it(app) {
        let twice = Twice::found(app).await;
        let sql = app.sql().await;
        twice.booked(&twice.target, NINE).await;
        let overbooked = twice.booked_elsewhere(&twice.source, QUARTER_PAST).await;
        let plain = twice.booked(&twice.source, TEN).await;
        let merge = twice.merge().await;
        twice.office.step(&json!({ "id": overbooked }), "cancel", &json!({ "reason": "engano" })).await.expect(200);
        let fresh = twice.booked(&twice.target, "2027-03-15T15:00:00Z").await;
        let undone = twice.undo(&merge).await.expect(200);
        assert_eq!((ids(&undone["returned"]), ids(&undone["changed_since"])), (vec![overbooked.clone(), plain], vec![overbooked.clone()]));
        let one = async |id: &str| twice.office.staff.get(&format!("/api/v1/appointments/{id}")).await.expect(200);
        assert_eq!((&one(&overbooked).await["status"], &one(&overbooked).await["patient_id"]), (&json!("cancelled"), &json!(twice.source)));
        assert_eq!(one(&fresh).await["patient_id"], json!(twice.target));
        let rows = agenda(app, &sql, &twice.source).await;
        assert!(rows.first().unwrap().ends_with("- -") && rows.last().unwrap().ends_with("active -"), "{rows:#?}");
    }

    async fn pt7_of_two_merges_at_once_one_is_done(app) {
        let office = Office::open(app).await;
        for _ in 0..4 {
            let pair = office.patients(2).await;
            let ask = |target: &str, source: &str| {
                let (admin, path) = (office.admin.clone(), format!("/api/v1/patients/{target}/merge"));
                let body = json!({ "source_id": source });
                async move { admin.post(&path, &body).await }
            };
            let (one, other) = (pair.first().unwrap(), pair.last().unwrap());
            let answers = at_once((0..8).map(|number| if number % 2 == 0 { ask(one, other) } else { ask(other, one) })).await;
            let (done, refused): (Vec<Answer>, Vec<Answer>) = answers.into_iter().partition(|answer| answer.status == 200);
            assert_eq!((done.len(), refused.len()), (4, 4), "the winner's repeats have the same answer");
            assert!(done.iter().all(|answer| Some(&answer.bytes) == done.first().map(|first| &first.bytes)));
            for answer in refused {
                answer.refused(409, "patients.merged");
            }
        }
    }

    async fn pt7_a_booking_at_the_same_time_moves_along_or_is_refused(app) {
        let office = Office::open(app).await;
        let sql = app.sql().await;
        for number in 0..6 {
            let pair = office.patients(2).await;
            let (target, source) = (pair.first().unwrap(), pair.last().unwrap());
            let start = format!("2027-03-{:02}T12:00:00Z", 16 + number);
            let (path, body) = (format!("/api/v1/patients/{target}/merge"), json!({ "source_id": source }));
            let (booked, merged) = tokio::join!(office.book(source, &start), office.admin.post(&path, &body));
            merged.expect(200);
            if booked.status != 201 {
                booked.refused(409, "scheduling.patient_closed");
            }
            let left = |table: &str, column: &str| format!("SELECT count(*) FROM {table} WHERE {column} = {}", sql.id(source));
            assert_eq!(sql.number(&left("appointment", "patient_id")).await, 0);
            assert_eq!(sql.number(&left("busy", "resource_id")).await, 0);
        }
    }
}
