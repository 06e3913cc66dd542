//! The company and its clinics.

use serde_json::{Value, json};

use crate::both;
use crate::support::text;

const CLINICS: &str = "/api/v1/clinics";

both! {
    async fn a_company_is_read_and_changed(app) {
        let admin = app.admin().await;
        let company = app.member("driver").await.get("/api/v1/company").await.expect(200);
        assert_eq!(company["name"], "Clínica Aurora");
        let tag = format!("\"{}\"", company["version"]);
        let changed = admin.patch("/api/v1/company", &tag, &json!({ "name": " Aurora  Saúde " })).await.expect(200);
        assert_eq!((&changed["name"], &changed["id"]), (&json!("Aurora Saúde"), &company["id"]));
        admin.patch("/api/v1/company", &tag, &json!({ "name": "Outra" })).await.refused(412, "stale");
        assert_eq!(admin.get("/api/v1/auth/me").await.expect(200)["company_name"], "Aurora Saúde");
        let faults = admin.patch("/api/v1/company", "*", &json!({ "id": company["id"], "name": null, "locale": "fr" })).await.faults();
        let pointers: Vec<_> = faults.iter().map(|(pointer, code)| (pointer.as_str(), code.as_str())).collect();
        assert_eq!(pointers, [("/name", "not_nullable"), ("/id", "unknown_field"), ("/locale", "unknown_field")]);
    }

    async fn a_changed_country_reads_telephone_numbers_at_once(app) {
        let (admin, staff) = (app.admin().await, app.receptionist().await);
        let patient = |n: u32| json!({ "name": format!("Ana {n}"), "contacts": [{ "kind": "phone", "value": "01 44 12 34 56", "primary": true }] });
        let read = staff.post("/api/v1/patients", &patient(1)).await.expect(201);
        assert_eq!(read["contacts"][0]["value"], "0144123456");
        admin.patch("/api/v1/company", "*", &json!({ "country": "FR" })).await.expect(200);
        let read = staff.post("/api/v1/patients", &patient(2)).await.expect(201);
        assert_eq!(read["contacts"][0]["value"], "+33144123456");
    }

    async fn a_clinic_is_added_read_and_changed(app) {
        let admin = app.admin().await;
        let ask = json!({
            "name": "Aurora Lyon", "country": "FR", "siret": "503 974 420 00021", "finess": "750712184",
            "address": { "street": " Rue  des Fleurs ", "city": "Lyon", "complement": " " }
        });
        let answer = admin.post(CLINICS, &ask).await;
        let made = answer.header("location").unwrap().to_owned();
        let clinic = answer.expect(201);
        assert_eq!((&clinic["time_zone"], &clinic["locale"]), (&json!("Europe/Paris"), &json!("fr")));
        assert_eq!((&clinic["siret"], &clinic["finess"], &clinic["cnpj"]), (&json!("50397442000021"), &json!("750712184"), &Value::Null));
        assert_eq!((&clinic["address"]["street"], &clinic["address"]["complement"]), (&json!("Rue des Fleurs"), &Value::Null));
        assert_eq!(app.member("driver").await.get(&made).await.expect(200), clinic);
        let patch = json!({ "legal_name": "Aurora Lyon SAS", "siret": null, "address": { "street": null, "postal_code": "69001" } });
        let changed = admin.patch(&made, "\"1\"", &patch).await.expect(200);
        assert_eq!((&changed["legal_name"], &changed["siret"], &changed["version"]), (&json!("Aurora Lyon SAS"), &Value::Null, &json!(2)));
        assert_eq!((&changed["address"]["city"], &changed["address"]["street"]), (&json!("Lyon"), &Value::Null));
        let bare = admin.patch(&made, "*", &json!({ "address": null })).await.expect(200);
        assert_eq!(bare["address"], Value::Null);
        let listed = admin.get(CLINICS).await.expect(200);
        assert!(listed["items"].as_array().unwrap().iter().any(|one| one["legal_name"] == "Aurora Lyon SAS"));
    }

    async fn a_clinic_without_a_country_is_in_the_companys(app) {
        let clinic = app.admin().await.post(CLINICS, &json!({ "name": "Filial" })).await.expect(201);
        assert_eq!((&clinic["country"], &clinic["time_zone"], &clinic["locale"]), (&json!("BR"), &json!("America/Sao_Paulo"), &json!("pt-BR")));
    }

    async fn wrong_numbers_of_a_clinic_are_refused(app) {
        let admin = app.admin().await;
        let before = app.entries().await;
        let ask = json!({
            "name": "", "cnpj": "11.222.333/0001-82", "siret": "1", "finess": "750712185", "time_zone": "Brasília",
            "locale": "tlh", "country": "XX", "id": "x"
        });
        let mut faults = admin.post(CLINICS, &ask).await.faults();
        faults.sort();
        let expected = [
            ("/cnpj", "invalid_cnpj"),
            ("/country", "identity.unknown_country"),
            ("/finess", "identity.invalid_finess"),
            ("/id", "unknown_field"),
            ("/locale", "identity.unknown_locale"),
            ("/name", "required"),
            ("/siret", "identity.invalid_siret"),
            ("/time_zone", "unknown_time_zone"),
        ];
        assert_eq!(faults, expected.map(|(pointer, code)| (pointer.to_owned(), code.to_owned())));
        let long = json!({ "name": "Filial", "address": { "city": "x".repeat(101), "number": "1\u{7}" } });
        let faults = admin.post(CLINICS, &long).await.faults();
        assert_eq!(faults, [("/address/number".to_owned(), "control_character".to_owned()), ("/address/city".to_owned(), "too_long".to_owned())]);
        assert_eq!(app.entries().await, before);
    }

    async fn another_companys_clinic_is_not_there(app) {
        let other = app.other_admin().await;
        let clinic = text(&other.get(CLINICS).await.expect(200)["items"][0]["id"]);
        let (admin, path) = (app.admin().await, format!("{CLINICS}/{clinic}"));
        admin.get(&path).await.refused(404, "not_found");
        admin.patch(&path, "*", &json!({ "name": "Minha" })).await.refused(404, "not_found");
        assert_ne!(other.get(&path).await.expect(200)["name"], "Minha");
    }
}
