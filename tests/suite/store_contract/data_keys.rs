//! What the journal tells of a person lies under keys of that person: destroying them makes it unreadable for good, and the
//! chain stays whole (I11).

use kernel::ids::{PatientId, TenantId};
use kernel::{Change, Facts, Origin, Permission, Permit, SubjectKeys as _, Transaction as _, commit, unheard};
use serde_json::{Value, json};

use crate::both;
use crate::support::{Caller, Kind, Office, Sql, TestApp, text};

struct Erasing;

impl Permission for Erasing {
    const NAME: &'static str = "privacy:erase";
}

async fn tenant(caller: &Caller) -> TenantId {
    TenantId::from_uuid(text(&caller.get("/api/v1/auth/me").await.expect(200)["company_id"]).parse().unwrap())
}

/// Destroys the keys of a patient, as the part that erases people does it; how many there were.
async fn erase(app: &TestApp, tenant: TenantId, patient: &str) -> u64 {
    let patient = PatientId::from_uuid(patient.parse().unwrap());
    let permit = Permit::<Erasing>::system(tenant, "test", Origin::default());
    let tx = app.app.database.open(permit.scope()).await.unwrap();
    let destroyed = tx.subject_keys_destroy(patient.uuid()).await.unwrap();
    let journal = permit.journal(patient, app.app.clock().now());
    commit(Box::new(tx), journal, destroyed, unheard).await.unwrap().into_value()
}

async fn keys_of(sql: &Sql, patient: &str) -> i64 {
    sql.number(&format!("SELECT count(*) FROM data_key WHERE subject_id = {}", sql.id(patient))).await
}

/// The entries of a patient, the latest first: what became of the personal fields, and the fields afterwards.
async fn told(app: &TestApp, admin: &Caller, entity: &str) -> Vec<(String, Value)> {
    app.settle().await;
    let page = admin.get(&format!("/api/v1/audit?entity_id={entity}")).await.expect(200);
    let changes = page["items"].as_array().unwrap().iter().filter_map(|entry| entry["changes"].get(0));
    changes.map(|change| (text(&change["personal_fields"]), change["after"].clone())).collect()
}

both! {
    async fn i11_destroying_a_persons_keys_makes_them_unreadable_and_breaks_no_link(app) {
        let office = Office::open(app).await;
        let (gone, stays) = (office.patient("Vai Embora").await, office.patient("Fica Aqui").await);
        let booking = office.booking(&gone, "2027-03-15T12:00:00Z");
        let booking = booking.as_object().unwrap().clone().into_iter().chain([("notes".to_owned(), json!("alergia"))]);
        let booked = office.staff.post("/api/v1/appointments", &Value::Object(booking.collect())).await.expect(201);
        let appointment = text(&booked["id"]);
        assert_eq!(told(app, &office.admin, &gone).await[0].1["name"], "Vai Embora");
        assert_eq!(told(app, &office.admin, &appointment).await[0].1["notes"], "alergia");
        let (tenant, sql) = (tenant(&office.admin).await, app.sql().await);
        assert_eq!(keys_of(&sql, &gone).await, 1, "the appointment is told under the patient's key");
        assert_eq!(erase(app, tenant, &gone).await, 1);
        assert_eq!(keys_of(&sql, &gone).await, 0);
        let erased = told(app, &office.admin, &gone).await;
        assert_eq!(erased[0].0, "erased");
        assert!(erased[0].1.get("name").is_none() && erased[0].1["stage"].is_string(), "{erased:#?}");
        assert_eq!(told(app, &office.admin, &appointment).await[0].0, "erased");
        assert_eq!(told(app, &office.admin, &stays).await[0].1["name"], "Fica Aqui");
        let history = office.staff.get(&format!("/api/v1/appointments/{appointment}/history")).await.expect(200);
        assert!(history["items"][0]["after"].get("notes").is_none() && history["items"][0]["after"]["status"] == "booked");
        assert_eq!(app.app.database.verify_whole_journal(tenant, None).await.unwrap().broken, None);
        assert_eq!(erase(app, tenant, &gone).await, 0, "they are gone already");
    }

    async fn i11_what_is_told_after_an_erasure_lies_under_a_new_key_on_every_node(app) {
        let (admin, staff) = (app.admin().await, app.receptionist().await);
        let (_node, elsewhere, server) = app.second_node().await;
        let there = Caller { token: staff.token.clone(), ..elsewhere };
        let patient = text(&there.post("/api/v1/patients", &json!({ "name": "Antes" })).await.expect(201)["id"]);
        let path = format!("/api/v1/patients/{patient}");
        // Both nodes remember a key of hers now.
        staff.patch(&path, "\"1\"", &json!({ "social_name": "Uma" })).await.expect(200);
        there.patch(&path, "\"2\"", &json!({ "social_name": "Duas" })).await.expect(200);
        let sql = app.sql().await;
        assert_eq!(keys_of(&sql, &patient).await, 2, "one of each node");
        assert_eq!(erase(app, tenant(&admin).await, &patient).await, 2);
        there.patch(&path, "\"3\"", &json!({ "social_name": "Três" })).await.expect(200);
        staff.patch(&path, "\"4\"", &json!({ "social_name": "Quatro" })).await.expect(200);
        let told = told(app, &admin, &patient).await;
        let seen: Vec<(&str, &Value)> = told.iter().map(|(state, after)| (state.as_str(), &after["social_name"])).collect();
        let (null, names) = (Value::Null, [json!("Quatro"), json!("Três")]);
        assert_eq!(seen[..2], [("shown", &names[0]), ("shown", &names[1])]);
        assert_eq!(seen[2..4], [("erased", &null), ("erased", &null)]);
        server.stop(false).await;
    }

    async fn i11_an_erasure_waits_for_a_first_key_that_is_not_committed_yet(app) {
        let (admin, sql) = (app.admin().await, app.sql().await);
        let tenant = tenant(&admin).await;
        let patient = "01900000-0000-7000-8000-0000000000fc";
        let id = PatientId::from_uuid(patient.parse().unwrap());
        let permit = Permit::<Erasing>::system(tenant, "test", Origin::default());
        let told = Change::created(id, 1, Facts::new().personal("name", "Ana"));
        let first = app.app.database.open(permit.scope()).await.unwrap();
        first.append(&permit.journal(id, app.app.clock().now()).changed(told)).await.unwrap();
        let waits = async {
            // SQLite has one writer: there it waits for its turn.
            let waiting = "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted \
                           AND database = (SELECT oid FROM pg_database WHERE datname = current_database())";
            while app.kind() == Kind::Postgres && sql.number(waiting).await == 0 {
                tokio::task::yield_now().await;
            }
        };
        let erasure = erase(app, tenant, patient);
        tokio::pin!(erasure);
        tokio::select! {
            biased;
            destroyed = &mut erasure => panic!("it did not wait: {destroyed}"),
            () = waits => {}
        }
        Box::new(first).finish().await.unwrap();
        assert_eq!(erasure.await, 1);
        assert_eq!(keys_of(&sql, patient).await, 0);
    }

    async fn i11_a_node_makes_one_key_per_person_and_none_where_nothing_is_personal(app) {
        let office = Office::open(app).await;
        let (patient, sql) = (office.patient("Uma Só").await, app.sql().await);
        let path = format!("/api/v1/patients/{patient}");
        for version in 1..=3 {
            let tag = format!("\"{version}\"");
            office.staff.patch(&path, &tag, &json!({ "social_name": format!("Nome {version}") })).await.expect(200);
        }
        assert_eq!(keys_of(&sql, &patient).await, 1);
        let before = sql.number("SELECT count(*) FROM data_key").await;
        let booked = office.book(&patient, "2027-03-15T12:00:00Z").await.expect(201);
        assert_eq!(sql.number("SELECT count(*) FROM data_key").await, before);
        let own = sql.id(&text(&booked["id"]));
        let sealed = format!("SELECT count(*) FROM journal_change WHERE entity_id = {own} AND sealed IS NOT NULL");
        assert_eq!(sql.number(&sealed).await, 0, "a booking without words seals nothing");
    }

    async fn i11_a_refused_write_leaves_no_key_behind_and_the_next_one_is_readable(app) {
        let (admin, staff) = (app.admin().await, app.receptionist().await);
        let (_node, elsewhere, server) = app.second_node().await;
        let there = Caller { token: staff.token.clone(), ..elsewhere };
        let patient = text(&staff.post("/api/v1/patients", &json!({ "name": "Ana" })).await.expect(201)["id"]);
        let path = format!("/api/v1/patients/{patient}");
        there.patch(&path, "\"7\"", &json!({ "social_name": "Tarde demais" })).await.expect(412);
        there.patch(&path, "\"1\"", &json!({ "social_name": "A Tempo" })).await.expect(200);
        assert_eq!(told(app, &admin, &patient).await[0].1["social_name"], "A Tempo");
        server.stop(false).await;
    }

    async fn i11_a_damaged_key_is_told_as_damage_and_not_as_erasure(app) {
        let (admin, sql) = (app.admin().await, app.sql().await);
        let office = Office::open(app).await;
        let (one, other) = (office.patient("Uma").await, office.patient("Outra").await);
        let (one_id, other_id) = (sql.id(&one), sql.id(&other));
        let swap = format!(
            "UPDATE data_key SET sealed = (SELECT k.sealed FROM data_key k WHERE k.subject_id = {other_id}) WHERE subject_id = {one_id}"
        );
        assert_eq!(sql.run(&swap).await.unwrap(), 1);
        assert_eq!(told(app, &admin, &one).await[0].0, "damaged");
        assert_eq!(told(app, &admin, &other).await[0].0, "shown");
    }
}
