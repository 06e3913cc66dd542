//! The catalogue of tags beside the free labels of records (PT5).

use serde_json::{Value, json};

use crate::both;
use crate::support::{Caller, TestApp, at_once, text};

const TAGS: &str = "/api/v1/tags";
const PATIENTS: &str = "/api/v1/patients";

async fn add(admin: &Caller, name: &str) -> String {
    text(&admin.post(TAGS, &json!({ "name": name })).await.expect(201)["id"])
}

async fn names(caller: &Caller, query: &str) -> Vec<String> {
    let page = caller.get(&format!("{TAGS}{query}")).await.expect(200);
    page["items"].as_array().unwrap().iter().map(|tag| text(&tag["name"])).collect()
}

async fn carrying(app: &TestApp, name: &str, tags: &[&str]) -> String {
    let ask = json!({ "name": name, "tags": tags });
    text(&app.receptionist().await.post(PATIENTS, &ask).await.expect(201)["id"])
}

async fn record(app: &TestApp, patient: &str) -> Value {
    app.receptionist().await.get(&format!("{PATIENTS}/{patient}")).await.expect(200)
}

both! {
    async fn pt5_the_catalogue_is_listed_by_name_and_offered_while_one_types(app) {
        let admin = app.admin().await;
        let made = admin.post(TAGS, &json!({ "name": " Quimio  terapia ", "colour": "#FF8800" })).await.expect(201);
        assert_eq!((&made["name"], &made["colour"], &made["version"]), (&json!("Quimio terapia"), &json!("#ff8800"), &json!(1)));
        for name in ["quilo", "Quá_druplo", "Zeta", "100%"] {
            add(&admin, name).await;
        }
        let staff = app.receptionist().await;
        assert_eq!(names(&staff, "").await, ["100%", "quilo", "Quimio terapia", "Quá_druplo", "Zeta"]);
        assert_eq!(names(&staff, "?search=QUI").await, ["quilo", "Quimio terapia"]);
        assert_eq!(names(&staff, "?search=100%25").await, ["100%"]);
        assert_eq!(names(&staff, "?search=%25").await, Vec::<String>::new(), "a sign of patterns is a letter here");
        assert_eq!(names(&staff, "?search=qu%C3%A1_").await, ["Quá_druplo"]);
        assert_eq!(names(&staff, "?search=%20").await.len(), 5);
        assert_eq!(names(&staff, "?search=%20quimio%20%20TER").await, ["Quimio terapia"]);
    }

    async fn pt5_a_tag_is_there_once_in_whichever_case(app) {
        let admin = app.admin().await;
        let first = add(&admin, "Prioritário").await;
        let before = app.entries().await;
        let refused = admin.post(TAGS, &json!({ "name": "PRIORITÁRIO" })).await.refused(409, "patients.tag_exists");
        assert_eq!((text(&refused["existing_id"]), app.entries().await), (first, before));
        add(&app.other_admin().await, "Prioritário").await;
        let send = |admin: Caller, name: &'static str| async move { admin.post(TAGS, &json!({ "name": name })).await };
        let answers = at_once(["Corrida", "CORRIDA", "corrida", "Corrida"].map(|name| send(admin.clone(), name))).await;
        let mut statuses: Vec<u16> = answers.iter().map(|answer| answer.status).collect();
        statuses.sort_unstable();
        assert_eq!(statuses, [201, 409, 409, 409]);
    }

    async fn pt5_a_tag_that_cannot_be_is_refused_with_its_reason(app) {
        let admin = app.admin().await;
        for (ask, pointer, code) in [
            (json!({ "name": "  " }), "/name", "required"),
            (json!({ "name": "x".repeat(51) }), "/name", "too_long"),
            (json!({ "name": "a\u{7}" }), "/name", "control_character"),
            (json!({ "name": "Cor", "colour": "laranja" }), "/colour", "invalid_colour"),
            (json!({ "name": "Cor", "color": "#ff8800" }), "/color", "unknown_field"),
        ] {
            assert_eq!(admin.post(TAGS, &ask).await.faults(), [(pointer.to_owned(), code.to_owned())], "{ask}");
        }
        admin.delete(&format!("{TAGS}/01935b2e-7c00-7a10-8000-00000000dead")).await.refused(404, "not_found");
        app.receptionist().await.post(TAGS, &json!({ "name": "Minha" })).await.refused(403, "forbidden");
    }

    async fn pt5_labels_are_the_staffs(app) {
        add(&app.admin().await, "Difícil").await;
        for role in ["patient", "caregiver"] {
            assert_eq!(names(&app.member(role).await, "").await, Vec::<String>::new(), "{role}");
        }
        assert_eq!(names(&app.member("hairdresser").await, "").await, ["Difícil"]);
    }

    async fn pt5_a_tag_that_no_record_carries_is_removed(app) {
        let admin = app.admin().await;
        let tag = add(&admin, "Sobra").await;
        carrying(app, "Outra Etiqueta", &["sobras"]).await;
        let before = app.entries().await;
        assert_eq!(admin.delete(&format!("{TAGS}/{tag}")).await.status, 204);
        assert_eq!((names(&admin, "").await, app.entries().await), (Vec::new(), before + 1));
        admin.delete(&format!("{TAGS}/{tag}")).await.refused(404, "not_found");
        add(&admin, "Sobra").await;
    }

    async fn pt5_a_tag_in_use_is_removed_on_an_explicit_wish_and_then_from_every_record(app) {
        let admin = app.admin().await;
        let tag = add(&admin, "Ouro").await;
        let mut carriers = Vec::new();
        for number in 0..53 {
            carriers.push(carrying(app, &format!("Portadora {number}"), &["Fiel", "OURO"]).await);
        }
        let other = carrying(app, "Sem", &["Fiel", "ouros"]).await;
        let path = format!("{TAGS}/{tag}");
        let refused = admin.delete(&path).await.refused(409, "patients.tag_in_use");
        assert_eq!(refused["in_use"], 53);
        assert_eq!(names(&admin, "").await, ["Ouro"]);
        assert_eq!(admin.delete(&format!("{path}?force=true")).await.status, 204);
        assert_eq!(names(&admin, "").await, Vec::<String>::new());
        app.settle().await;
        for patient in &carriers {
            let record = record(app, patient).await;
            assert_eq!((&record["tags"], &record["version"]), (&json!(["Fiel"]), &json!(2)));
        }
        let untouched = record(app, &other).await;
        assert_eq!((&untouched["tags"], &untouched["version"]), (&json!(["Fiel", "ouros"]), &json!(1)));
        let timeline = admin.get(&format!("{PATIENTS}/{}/timeline", carriers[0])).await.expect(200);
        let last = &timeline["items"][0];
        assert_eq!((&last["kind"], &last["record"]["fields"]), (&json!("changed"), &json!(["tags"])));
        assert_eq!(last["by"], json!({ "membership_id": null, "name": null, "api_key_id": null }), "Salus did it");
    }

    async fn pt5_a_tag_that_came_back_meanwhile_is_left_on_the_records(app) {
        let admin = app.admin().await;
        let tag = add(&admin, "Vip").await;
        let patient = carrying(app, "Portadora", &["vip"]).await;
        assert_eq!(admin.delete(&format!("{TAGS}/{tag}?force=true")).await.status, 204);
        add(&admin, "VIP").await;
        app.settle().await;
        assert_eq!(record(app, &patient).await["tags"], json!(["vip"]));
    }
}
