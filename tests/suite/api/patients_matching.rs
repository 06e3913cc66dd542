//! Duplicates (PT6): the warning on registration, candidates for a draft, the list of pairs, and a file of made-up people.

use chrono::NaiveDate;
use patients::model::matching::Grade;
use patients::model::{AddressParts, Country, IdentifierKind};
use serde_json::{Value, json};
use tests::linkage::{Record, link};

use crate::both;
use crate::support::{Caller, fresh_key, text};

const PATIENTS: &str = "/api/v1/patients";
const MATCH: &str = "/api/v1/patients/match";
const DUPLICATES: &str = "/api/v1/patients/duplicates";

/// A person nobody else is like.
fn ana() -> Value {
    json!({
        "name": "Anaximandra Beatriz Quintanilha", "birth_date": "1986-04-12", "sex": "female", "mother_name": "Helena Quintanilha",
        "contacts": [{ "kind": "phone", "value": "(27) 99876-0001" }],
        "addresses": [{ "street": "Rua das Palmeiras", "number": "77", "postal_code": "29055-120", "city": "Vitória", "country": "BR" }]
    })
}

/// The same with other fields.
fn with(person: &Value, more: &Value) -> Value {
    let mut person = person.clone();
    for (field, value) in more.as_object().unwrap() {
        person[field] = value.clone();
    }
    person
}

/// Her twin, born and at home where she is.
fn twin() -> Value {
    with(&ana(), &json!({ "name": "Berenice Carolina Quintanilha" }))
}

fn again() -> Value {
    with(&ana(), &json!({ "name": "ANAXIMANDRA QUINTANILHA", "addresses": [] }))
}

fn allowed(person: &Value) -> Value {
    with(person, &json!({ "allow_duplicate": true }))
}

async fn register(staff: &Caller, patient: &Value) -> String {
    text(&staff.post(PATIENTS, patient).await.expect(201)["id"])
}

async fn matches(caller: &Caller, draft: &Value) -> Vec<(String, String)> {
    let found = caller.post(MATCH, draft).await.expect(200);
    let of = |found: &Value| (text(&found["patient"]["id"]), text(&found["grade"]));
    found["candidates"].as_array().unwrap().iter().map(of).collect()
}

/// The pairs in the list, each with its grade, where both records are of these.
async fn pairs(admin: &Caller, among: &[&String]) -> Vec<(String, String, String)> {
    let page = admin.get(&format!("{DUPLICATES}?limit=200")).await.expect(200);
    let of = |pair: &Value| {
        let id = |place: usize| text(&pair["patients"][place]["id"]);
        (id(0), id(1), text(&pair["grade"]))
    };
    let all = page["items"].as_array().unwrap().iter().map(of);
    all.filter(|(one, other, _)| among.contains(&one) && among.contains(&other)).collect()
}

both! {
    async fn pt6_registering_somebody_again_is_refused_with_the_candidates(app) {
        let staff = app.receptionist().await;
        let first = register(&staff, &ana()).await;
        let before = app.entries().await;
        let refused = staff.post(PATIENTS, &again()).await.refused(409, "patients.possible_duplicate");
        let candidate = &refused["candidates"][0];
        assert_eq!((&candidate["id"], &candidate["grade"]), (&json!(first), &json!("certain")), "{refused:#}");
        assert!(candidate["score"].as_f64().unwrap() >= 30.0);
        let reasons: Vec<&str> = candidate["reasons"].as_array().unwrap().iter().filter_map(|r| r["finding"].as_str()).collect();
        assert!(reasons.contains(&"mother_name_equal") && reasons.contains(&"phone_equal"), "{reasons:?}");
        assert!(!refused.to_string().to_lowercase().contains("quintanilha"), "a problem holds nothing personal");
        assert_eq!(app.entries().await, before);
        let lead = json!({ "name": "Anaximandra Quintanilha", "stage": "lead", "contacts": [{ "kind": "whatsapp", "value": "27 9876-0001" }] });
        let refused = staff.post(PATIENTS, &lead).await.refused(409, "patients.possible_duplicate");
        assert_eq!(refused["candidates"][0]["grade"], "probable", "without the ninth digit");
        register(&staff, &allowed(&again())).await;
    }

    async fn pt6_a_twin_and_a_namesake_register_without_a_warning(app) {
        let staff = app.receptionist().await;
        let first = register(&staff, &ana()).await;
        assert_eq!(matches(&staff, &twin()).await, [(first, "possible".to_owned())]);
        register(&staff, &twin()).await;
        register(&staff, &json!({ "name": "Anaximandra Beatriz Quintanilha" })).await;
    }

    async fn pt6_the_same_cpf_is_told_as_such_whatever_is_allowed(app) {
        let staff = app.receptionist().await;
        let ana = with(&ana(), &json!({ "identifiers": [{ "kind": "cpf", "value": "158.864.890-70" }] }));
        let first = register(&staff, &ana).await;
        for ask in [ana.clone(), allowed(&ana)] {
            let refused = staff.post(PATIENTS, &ask).await.refused(409, "patients.duplicate_identifier");
            assert_eq!(text(&refused["existing_id"]), first);
        }
        let other = with(&ana, &json!({ "identifiers": [{ "kind": "cpf", "value": "400.448.260-79" }] }));
        assert_eq!(matches(&staff, &other).await, [(first, "possible".to_owned())], "two CPFs never match by themselves");
        register(&staff, &other).await;
    }

    async fn pt6_a_refusal_is_not_kept_under_the_idempotency_key(app) {
        let staff = app.receptionist().await;
        register(&staff, &ana()).await;
        let key = fresh_key();
        let send = async |ask: &Value| {
            staff.send(reqwest::Method::POST, PATIENTS, Some(ask), &[("idempotency-key", key.as_str())]).await
        };
        send(&again()).await.refused(409, "patients.possible_duplicate");
        let registered = text(&send(&allowed(&again())).await.expect(201)["id"]);
        let repeated = send(&allowed(&again())).await;
        assert_eq!(repeated.header("idempotency-replayed"), Some("true"));
        assert_eq!(text(&repeated.expect(201)["id"]), registered);
    }

    async fn pt6_a_draft_is_matched_within_reach_and_company_and_leaves_nothing(app) {
        let staff = app.receptionist().await;
        let first = register(&staff, &ana()).await;
        let confined = [app.member("caregiver").await, app.member("patient").await, app.member("hairdresser").await];
        let (other, before) = (app.other_admin().await, app.entries().await);
        assert_eq!(matches(&staff, &again()).await, [(first, "certain".to_owned())]);
        for caller in confined.iter().chain([&other]) {
            assert_eq!(matches(caller, &again()).await, []);
        }
        assert_eq!(app.entries().await, before);
        register(&other, &ana()).await;
        let refused = staff.post(MATCH, &json!({ "birth_date": "1986-04-12", "shoe": 38 })).await.faults();
        assert_eq!(refused.len(), 2, "{refused:?}");
    }

    async fn pt6_social_and_legal_name_are_both_found(app) {
        let staff = app.receptionist().await;
        let legal = with(&ana(), &json!({ "name": "Joaquim Quintanilha", "social_name": "Jordana Quintanilha", "sex": null }));
        let first = register(&staff, &legal).await;
        let social = with(&ana(), &json!({ "name": "Jordana Quintanilha", "contacts": [], "sex": null }));
        assert_eq!(matches(&staff, &social).await, [(first, "certain".to_owned())]);
    }

    async fn pt6_the_list_of_pairs_follows_registrations_changes_and_archiving(app) {
        let (staff, admin) = (app.receptionist().await, app.admin().await);
        let first = register(&staff, &ana()).await;
        let second = register(&staff, &allowed(&again())).await;
        let sister = register(&staff, &twin()).await;
        let all = [&first, &second, &sister];
        assert_eq!(pairs(&admin, &all).await, [], "the worker has not been there");
        app.settle().await;
        let found = pairs(&admin, &all).await;
        assert_eq!(found.first(), Some(&(first.clone(), second.clone(), "certain".to_owned())));
        assert_eq!(found.len(), 3, "{found:?}");
        let entries = app.entries().await;
        app.settle().await;
        assert_eq!((pairs(&admin, &all).await, app.entries().await), (found, entries), "again is the same, and nobody's act");

        let changed = json!({ "name": "Zulmira Barbalho", "birth_date": "1999-12-31", "mother_name": null, "contacts": [] });
        staff.patch(&format!("{PATIENTS}/{second}"), "*", &changed).await.expect(200);
        app.settle().await;
        assert_eq!(pairs(&admin, &all).await, [(first.clone(), sister.clone(), "possible".to_owned())]);

        let archived = admin.send(reqwest::Method::DELETE, &format!("{PATIENTS}/{sister}"), None, &[("if-match", "*")]).await;
        assert!((200..300).contains(&archived.status), "{}", archived.text());
        assert_eq!(pairs(&admin, &all).await, [], "at once");
        assert_eq!(matches(&staff, &twin()).await.len(), 1, "archived records are no candidates");
        app.settle().await;
        let left = "SELECT count(*) FROM patient_duplicate WHERE grade = 'possible' AND findings LIKE '%mother_name_equal%'";
        assert_eq!(app.sql().await.number(left).await, 0, "and the worker clears the table");
    }

    async fn pt6_pairs_come_in_pages_by_score_and_by_grade(app) {
        let staff = app.receptionist().await;
        register(&staff, &ana()).await;
        for _ in 0..3 {
            register(&staff, &allowed(&again())).await;
        }
        register(&staff, &twin()).await;
        app.settle().await;
        let admin = app.admin().await;
        let mut seen: Vec<(f64, String)> = Vec::new();
        let mut path = format!("{DUPLICATES}?limit=3");
        loop {
            let page = admin.get(&path).await.expect(200);
            for pair in page["items"].as_array().unwrap() {
                seen.push((pair["score"].as_f64().unwrap(), pair["patients"].to_string()));
            }
            let Some(cursor) = page["next_cursor"].as_str() else { break };
            path = format!("{DUPLICATES}?limit=3&cursor={cursor}");
        }
        assert!(seen.len() >= 10 && seen.windows(2).all(|two| two[0].0 >= two[1].0), "{seen:?}");
        let total = admin.get(&format!("{DUPLICATES}?limit=1&include=total")).await.expect(200);
        assert_eq!(total["total"], seen.len());
        let certain = admin.get(&format!("{DUPLICATES}?grade=certain&limit=200")).await.expect(200);
        assert!(certain["items"].as_array().unwrap().iter().all(|pair| pair["grade"] == "certain"));
        admin.get(&format!("{DUPLICATES}?grade=maybe")).await.faults();
        staff.get(DUPLICATES).await.expect(403);
        let other = app.other_admin().await.get(DUPLICATES).await.expect(200);
        assert_eq!(other["items"], json!([]));
    }

    async fn pt6_a_company_with_a_record_that_cannot_be_read_stops_no_other(app) {
        let (staff, other) = (app.receptionist().await, app.other_admin().await);
        let bad = register(&staff, &json!({ "name": "Zulmira Barbalho" })).await;
        let sql = app.sql().await;
        let broken = format!("UPDATE patient SET addresses = '{{\"street\": 1}}' WHERE id = {}", sql.id(&bad));
        sql.run(&broken).await.unwrap();
        let mut twice = Vec::new();
        for caller in [&staff, &other] {
            twice.push([register(caller, &ana()).await, register(caller, &allowed(&again())).await]);
        }
        app.settle().await;
        for (admin, [one, again]) in [&app.admin().await, &other].into_iter().zip(&twice) {
            assert_eq!(pairs(admin, &[one, again]).await.len(), 1);
        }
        assert_eq!(sql.number("SELECT count(*) FROM patient_match_due").await, 0, "not tried for ever");
    }

    async fn pt6_records_from_before_matching_get_their_keys_from_the_worker(app) {
        let staff = app.receptionist().await;
        let first = register(&staff, &ana()).await;
        let second = register(&staff, &allowed(&again())).await;
        app.settle().await;
        let sql = app.sql().await;
        let keys = sql.number("SELECT count(*) FROM patient_match_key").await;
        for statement in [
            "DELETE FROM patient_match_key",
            "DELETE FROM patient_duplicate",
            "INSERT INTO patient_match_due (tenant_id, id, patient_id) SELECT tenant_id, id, id FROM patient",
        ] {
            sql.run(statement).await.unwrap();
        }
        assert_eq!(matches(&staff, &again()).await, []);
        app.settle().await;
        assert_eq!(sql.number("SELECT count(*) FROM patient_match_key").await, keys);
        assert_eq!(pairs(&app.admin().await, &[&first, &second]).await.len(), 1);
        assert_eq!(sql.number("SELECT count(*) FROM patient_match_due").await, 0);
    }
}

/// Made-up people: `person | name | born | mother | CPF | telephone | e-mail | street | number | postal code`.
const PEOPLE: &str = "
1 | Maria Aparecida da Silva | 1975-03-08 | Conceição da Silva | 15886489070 | 27 99811-2233 | | Rua das Flores | 10 | 29010-001
1 | MARIA AP. SILVA | 1975-03-08 | Conceicao Silva | | 27 9811-2233 | | R. das Flores | 10 | 29010-001
1 | Maria Aparecida Silva Rocha | 1975-03-08 | Conceição da Silva | | | cida@example.org | Av. Central | 900 | 29100-200
2 | Maria Aparecida da Silva | 1981-11-25 | Lourdes Pereira | 40044826079 | 27 99700-0102 | | Rua do Porto | 3 | 29020-440
3 | João Pedro Souza Lima | 2015-06-01 | Carla Souza | | 27 98888-7777 | carla@example.org | Rua A | 5 | 29030-000
4 | João Paulo Souza Lima | 2015-06-01 | Carla Souza | | 27 98888-7777 | carla@example.org | Rua A | 5 | 29030-000
5 | Carla Souza | 1988-02-14 | Rita Souza | | 27 98888-7777 | carla@example.org | Rua A | 5 | 29030-000
6 | Laura Martins | 2010-10-10 | Paula Martins | | 27 3333-1212 | | Rua B | 7 | 29040-000
7 | Lara Martins | 2010-10-10 | Paula Martins | | 27 3333-1212 | | Rua B | 7 | 29040-000
8 | José Carlos Ramos | 1955-01-20 | Ana Ramos | | 27 3322-1100 | | Rua C | 9 | 29050-000
9 | José Carlos Ramos Filho | 1983-09-30 | Vera Lúcia Ramos | | 27 3322-1100 | | Rua C | 9 | 29050-000
9 | José Carlos Ramos Filho | 1983-03-09 | Vera Lucia Ramos | | 27 99555-4433 | | | |
10 | Thiago Luiz Gonçalves | 1992-12-01 | Sônia Gonçalves | | 11 98765-4321 | | Rua XV de Novembro | 1500 | 80020-310
10 | Tiago Luis Goncalves | 1992-01-12 | Sonia Gonçalves | | | tiago@example.org | Rua 15 de Novembro | 1500 | 80020-310
11 | Élodie Lefèvre | 1990-07-14 | Chantal Moreau | | +33 6 12 34 56 78 | elodie@example.fr | 12 rue Pasteur | 12 | 69007
11 | LEFEVRE Elodie | 1990-07-14 | | | +33 612345678 | elodie@example.fr | | |
11 | Élodie Dubois | 1990-07-14 | Chantal Moreau | | +33 6 12 34 56 78 | | 3 avenue Foch | 3 | 69006
12 | Philippe Dupont | 1968-05-05 | Jeanne Dupont | | | | 8 rue des Lilas | 8 | 75020
12 | Philippe Dupond | 1968-05-05 | Jeanne Dupont | | | p.dupont@example.fr | 8 rue des Lilas | 8 | 75020
13 | Jean Dupont | 1971-08-19 | Jeanne Dupont | | | | 8 rue des Lilas | 8 | 75020
14 | Daniel Roux | 2004-04-04 | Sylvie Roux | | 01 44 55 66 77 | | 5 rue Haute | 5 | 13002
15 | Danielle Roux | 2004-04-04 | Sylvie Roux | | 01 44 55 66 77 | | 5 rue Haute | 5 | 13002
16 | Jose Feira | | | | 27 99123-0000 | | | |
16 | José da Feira | | | | 27 99123-0000 | | | |
17 | Ana Lima | | | | 27 99888-0000 | | | |
17 | Ana Beatriz Lima | 1995-05-15 | Rosa Lima | | (27) 99888-0000 | ana@example.org | Rua D | 4 | 29060-000
18 | Ana Lima | | | | 27 99777-0000 | | | |
19 | Antônio Ferreira Neto | 1999-09-09 | Lia Ferreira | | 85 98111-2222 | | Rua E | 2 | 60010-000
19 | Antonio Ferreira Neto | 1999-09-06 | Lia Ferreira | | 85 98111-2222 | | Rua E | 2 | 60010-000
20 | Kátia Regina Wagner | 1979-02-28 | Helga Wagner | | | katia@example.org | Rua F | 33 | 89010-000
20 | Catia Regina Vagner | 1979-02-28 | Elga Vagner | | | | Rua F | 33 | 89010-000
";

fn people() -> Vec<Record> {
    let read = |line: &str| {
        let cells: Vec<Option<String>> =
            line.split('|').map(|cell| Some(cell.trim().to_owned()).filter(|cell| !cell.is_empty())).collect();
        let cell = |place: usize| cells.get(place).cloned().flatten();
        Record {
            person: cell(0).unwrap(),
            name: cell(1).unwrap(),
            birth_date: cell(2).map(|date| date.parse::<NaiveDate>().unwrap()),
            mother_name: cell(3),
            identifiers: cell(4).map(|cpf| (IdentifierKind::Cpf, cpf)).into_iter().collect(),
            phone: cell(5),
            email: cell(6),
            address: AddressParts { street: cell(7), number: cell(8), postal_code: cell(9), ..AddressParts::default() },
        }
    };
    PEOPLE.trim().lines().map(read).collect()
}

#[test]
fn pt6_made_up_people_of_brazil_and_france_are_told_apart_and_together() {
    let records = people();
    let linked = link(&records, Country::BRAZIL);
    let wrong: Vec<_> = linked.mistaken.iter().filter(|(.., grade)| grade.warns()).collect();
    assert!(wrong.is_empty(), "{wrong:?}");
    let certain = linked.at(Grade::Certain).unwrap();
    assert!((certain.precision() - 1.0).abs() < f64::EPSILON && certain.right >= 6, "{certain:?}");
    let probable = linked.at(Grade::Probable).unwrap();
    assert!(probable.recall() >= 0.75, "{probable:?}, missed {:?}", linked.missed);
    let possible = linked.at(Grade::Possible).unwrap();
    assert!(possible.recall() >= 0.95, "{possible:?}, missed {:?}", linked.missed);
}
