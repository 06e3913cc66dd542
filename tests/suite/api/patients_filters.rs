//! The list of patients by filters and orders (PT3), and what of it leaves the registry (PT9).

use serde_json::{Value, json};

use crate::both;
use crate::support::{Caller, Kind, Office, TestApp, text};

const PATIENTS: &str = "/api/v1/patients";

async fn register(staff: &Caller, patient: &Value) -> String {
    let mut patient = patient.clone();
    patient["allow_duplicate"] = json!(true);
    text(&staff.post(PATIENTS, &patient).await.expect(201)["id"])
}

fn encoded(words: &str) -> String {
    words.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat()
}

async fn listed(caller: &Caller, query: &str) -> Vec<String> {
    let page = caller.get(&format!("{PATIENTS}?{query}")).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|patient| text(&patient["name"])).collect()
}

fn home(city: &str, neighbourhood: &str, latitude: f64, longitude: f64) -> Value {
    json!([{ "city": city, "neighbourhood": neighbourhood, "latitude": latitude, "longitude": longitude }])
}

/// Sets the status of a patient's only appointment, as no operation does yet.
async fn ended(app: &TestApp, patient: &str, status: &str) {
    let sql = app.sql().await;
    let id = sql.id(patient);
    let set = format!("UPDATE appointment SET status = '{status}' WHERE patient_id = {id}");
    assert_eq!(sql.run(&set).await, Ok(1));
}

both! {
    async fn pt3_all_filters_hold_together_and_with_a_search(app) {
        let staff = app.receptionist().await;
        let full = json!({
            "name": "Xilena Filtrada", "sex": "other", "birth_date": "1987-05-09", "stage": "inactive", "tags": ["Xtag", "outra"],
            "health_plans": [{ "operator": "Xplano Saúde", "plan": "Ouro" }],
            "addresses": home("Xidade", "Praia do Xanto", -20.3, -40.3)
        });
        register(&staff, &full).await;
        for (field, other) in [
            ("sex", json!("male")), ("birth_date", json!("1987-06-09")), ("stage", json!("active")), ("tags", json!(["Xtag"])),
            ("health_plans", json!([])), ("addresses", json!([])),
        ] {
            let mut lacking = full.clone();
            lacking["name"] = json!(format!("Xilena Sem {field}"));
            lacking[field] = other;
            register(&staff, &lacking).await;
        }
        let all = format!(
            "stage=inactive&tag=xTAG&tag=OUTRA&health_plan={}&city=XIDADE&neighbourhood={}&age_min=39&age_max=40&birth_month=5&sex=other\
             &created_between=2020-01-01T00:00:00Z,2999-01-01T00:00:00Z&near=-20.3,-40.3,1",
            encoded("xplano saude"), encoded("praia do xanto")
        );
        assert_eq!(listed(&staff, &all).await, ["Xilena Filtrada"]);
        assert_eq!(listed(&staff, &format!("{all}&search=xilena")).await, ["Xilena Filtrada"]);
        assert_eq!(listed(&staff, &format!("{all}&search=yilena")).await, [""; 0]);
        let total = staff.get(&format!("{PATIENTS}?{all}&include=total&limit=1")).await.expect(200);
        assert_eq!(total["total"], 1);
        assert_eq!(listed(&staff, "tag=xtag").await.len(), 7);
        assert_eq!(listed(&staff, "tag=xtag&tag=outra&search=xilena").await.len(), 6);
    }

    async fn pt3_what_no_filter_is_is_told_with_its_parameter(app) {
        let staff = app.receptionist().await;
        for (query, pointer, code) in [
            ("stage=gone", "stage", "unknown_value"),
            ("tag=", "tag", "required"),
            ("age_min=-1", "age_min", "out_of_range"),
            ("age_min=x", "age_min", "wrong_type"),
            ("age_min=40&age_max=30", "age_max", "out_of_range"),
            ("birth_month=13", "birth_month", "out_of_range"),
            ("sex=f", "sex", "unknown_value"),
            ("has_appointment_between=2027-01-01T00:00:00Z", "has_appointment_between", "invalid_period"),
            ("has_appointment_between=2027-01-01,2027-02-01", "has_appointment_between", "invalid_instant"),
            ("created_between=2027-01-02T00:00:00Z,2027-01-01T00:00:00Z", "created_between", "ends_before_start"),
            ("last_visit_before=2027-01-01T10:00", "last_visit_before", "bare_local_time"),
            ("no_show_min=0", "no_show_min", "out_of_range"),
            ("near=1,2", "near", "invalid_near"),
            ("near=91,0,1", "near", "out_of_range"),
            ("sort=distance", "near", "required"),
            ("archived=maybe", "archived", "wrong_type"),
        ] {
            let problem = staff.get(&format!("{PATIENTS}?{query}")).await.refused(422, "invalid");
            let told = (problem["errors"][0]["pointer"].as_str(), problem["errors"][0]["code"].as_str());
            assert_eq!(told, (Some(pointer), Some(code)), "{query}: {problem:#}");
        }
    }

    async fn pt3_near_is_sorted_by_distance_over_the_antimeridian_and_at_the_pole(app) {
        let staff = app.receptionist().await;
        for (name, latitude, longitude) in [
            ("Oeste", -17.7, 179.99), ("Leste", -17.7, -179.98), ("Longe", -17.7, 179.5), ("Polo", 89.999, 10.0), ("Outro Lado", 89.998, -170.0),
        ] {
            register(&staff, &json!({ "name": name, "addresses": home("Suva", "Cais", latitude, longitude) })).await;
        }
        assert_eq!(listed(&staff, "near=-17.7,180,30").await, ["Oeste", "Leste"]);
        assert_eq!(listed(&staff, "near=-17.7,-180,100").await, ["Oeste", "Leste", "Longe"]);
        assert_eq!(listed(&staff, "near=90,0,1").await, ["Polo", "Outro Lado"]);
        assert_eq!(listed(&staff, "near=90,0,0.2").await, ["Polo"]);
        assert_eq!(listed(&staff, "near=-17.7,180,100&sort=name").await, ["Leste", "Longe", "Oeste"]);
        let mut turned = Vec::new();
        let mut cursor = String::new();
        loop {
            let page = staff.get(&format!("{PATIENTS}?near=-17.7,180,100&limit=1{cursor}")).await.expect(200);
            turned.extend(page["items"].as_array().unwrap().iter().map(|patient| text(&patient["name"])));
            let Some(next) = page["next_cursor"].as_str() else { break };
            cursor = format!("&cursor={next}");
        }
        assert_eq!(turned, ["Oeste", "Leste", "Longe"]);
    }

    async fn pt3_visits_filter_and_order(app) {
        let office = Office::open(app).await;
        let staff = &office.staff;
        let mut ids = Vec::new();
        for (name, start) in [("Vzeta", "2027-03-10T12:00:00Z"), ("Vbeta", "2027-03-11T12:00:00Z"), ("Vgama", "2027-03-12T12:00:00Z")] {
            let id = register(staff, &json!({ "name": name, "tags": ["vtag"] })).await;
            office.book(&id, start).await.expect(201);
            ids.push(id);
        }
        register(staff, &json!({ "name": "Vnunca", "tags": ["vtag"] })).await;
        assert_eq!(listed(staff, "tag=vtag&sort=next_appointment").await, ["Vzeta", "Vbeta", "Vgama", "Vnunca"]);
        assert_eq!(listed(staff, "tag=vtag&sort=-next_appointment").await, ["Vgama", "Vbeta", "Vzeta", "Vnunca"]);
        let day = "has_appointment_between=2027-03-11T00:00:00Z,2027-03-12T00:00:00Z";
        assert_eq!(listed(staff, &format!("tag=vtag&{day}")).await, ["Vbeta"]);
        for (id, status) in ids.iter().zip(["completed", "no_show", "completed"]) {
            ended(app, id, status).await;
        }
        assert_eq!(listed(staff, "tag=vtag&sort=-last_visit").await, ["Vgama", "Vzeta", "Vnunca", "Vbeta"]);
        assert_eq!(listed(staff, "tag=vtag&sort=last_visit&limit=2").await, ["Vzeta", "Vgama"]);
        assert_eq!(listed(staff, "tag=vtag&no_show_min=1").await, ["Vbeta"]);
        assert_eq!(listed(staff, "tag=vtag&last_visit_before=2027-03-12T00:00:00Z").await, ["Vzeta"]);
        assert_eq!(listed(staff, "tag=vtag&sort=next_appointment").await.len(), 4);
    }

    async fn pt3_what_a_caller_does_not_see_it_cannot_ask_by(app) {
        for role in ["patient", "caregiver"] {
            let caller = app.member(role).await;
            let problem = caller.get(&format!("{PATIENTS}?tag=vip")).await.refused(403, "patients.hidden_field");
            assert_eq!(problem["errors"][0]["pointer"], "tag", "{role}");
            caller.get(&format!("{PATIENTS}?no_show_min=1&sort=-last_visit")).await.expect(200);
        }
        let key = json!({ "name": "só pacientes", "permissions": ["patients:read"] });
        let key = app.admin().await.post("/api/v1/api-keys", &key).await.expect(201);
        let program = Caller { token: Some(text(&key["key"])), ..app.anonymous() };
        program.get(&format!("{PATIENTS}?tag=vip")).await.expect(200);
        for query in ["no_show_min=1", "last_visit_before=2027-01-01T00:00:00Z", "sort=next_appointment"] {
            program.get(&format!("{PATIENTS}?{query}")).await.refused(403, "patients.hidden_field");
        }
    }

    async fn pt9_an_export_holds_the_selected_records_and_leaves_one_entry(app) {
        let admin = app.admin().await;
        let dangerous = json!({
            "name": "=cmd|calc", "tags": ["exportada"], "notes": "linha 1\nlinha \"2\"",
            "contacts": [{ "kind": "phone", "value": "(27) 99123-4567" }], "addresses": home("Vitória", "Centro", -20.3, -40.3),
            "identifiers": [{ "kind": "ins", "value": "2 53 07 2A 073 004 43", "status": "VALI" }]
        });
        register(&admin, &dangerous).await;
        register(&admin, &json!({ "name": "Simples", "tags": ["exportada"] })).await;
        register(&admin, &json!({ "name": "De Fora" })).await;
        let before = app.entries().await;
        let answer = admin.get(&format!("{PATIENTS}/export?tag=exportada")).await;
        assert_eq!(answer.header("content-type"), Some("text/csv; charset=utf-8"));
        assert_eq!(answer.header("content-disposition"), Some("attachment; filename=\"patients.csv\""));
        assert_eq!(app.entries().await, before + 1);
        let csv = answer.text();
        assert!(csv.starts_with("\u{feff}id,name,"), "{csv}");
        assert!(csv.contains("\"'=cmd|calc\"") && csv.contains("\"'+5527991234567\""), "{csv}");
        assert!(csv.contains("\"linha 1\nlinha \"\"2\"\"\"") && csv.contains("Simples") && !csv.contains("De Fora"), "{csv}");
        assert!(!csv.contains("253072A07300443"), "a matricule leaves only when it is qualified: {csv}");
        assert!(csv.ends_with("\r\n"));
        let lines = admin.get(&format!("{PATIENTS}/export?format=jsonl&tag=exportada")).await.text();
        let names: Vec<Value> = lines.lines().map(|line| serde_json::from_str::<Value>(line).unwrap()["name"].clone()).collect();
        assert_eq!(names, ["=cmd|calc", "Simples"]);
        app.receptionist().await.get(&format!("{PATIENTS}/export")).await.refused(403, "forbidden");
        admin.get(&format!("{PATIENTS}/export?format=xlsx")).await.refused(422, "invalid");
    }

    async fn pt9_an_export_of_many_batches_holds_everybody_once(app) {
        let admin = app.admin().await;
        let sql = app.sql().await;
        let id = match app.kind() { Kind::Sqlite => "randomblob(16)", Kind::Postgres => "gen_random_uuid()" };
        let numbers = match app.kind() {
            Kind::Sqlite => "(WITH RECURSIVE s(n) AS (SELECT 1 UNION ALL SELECT n + 1 FROM s WHERE n < 900) SELECT n FROM s) s",
            Kind::Postgres => "generate_series(1, 900) s(n)",
        };
        let me = admin.get("/api/v1/auth/me").await.expect(200);
        let tenant = sql.id(me["company_id"].as_str().unwrap());
        let fill = format!(
            "INSERT INTO patient (tenant_id, id, name, stage, addresses, health_plans, tags, preferences, emergency_contacts, custom, \
             sort_text, search_text, version, created_at, updated_at) SELECT {tenant}, {id}, 'Lote ' || n, 'lead', '[]', '[]', '[]', '{{}}', \
             '[]', '{{}}', 'lote', ' lote', 1, '2026-01-01T00:00:00+00:00', '2026-01-01T00:00:00+00:00' FROM {numbers}"
        );
        assert_eq!(sql.run(&fill).await, Ok(900));
        let csv = admin.get(&format!("{PATIENTS}/export?stage=lead&search=lote")).await.text();
        let mut names: Vec<&str> = csv.lines().skip(1).filter_map(|line| line.split(',').nth(1)).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!((names.len(), csv.lines().count()), (900, 901));
    }
}
